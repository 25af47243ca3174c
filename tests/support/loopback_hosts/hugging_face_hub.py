"""The endpoints of the Hugging Face Hub that committing and tagging use."""

import base64
import hashlib
import json
import re

from support.loopback_hosts.server import Host

LFS = (".pb", ".index", "-00001")
_API = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/(?P<what>\w+)(/(?P<revision>.+))?")
_BATCH = re.compile(r"/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch")


class Hub(Host):
    """Repositories: for each, the commits of its main branch, and tags."""

    def __init__(self):
        super().__init__()
        self.repos, self.large, self.cards = {}, {}, []

    def files(self, repo, revision):
        """Returns the contents of a revision by path."""
        state = self.repos[repo]
        return state["commits"][state["tags"].get(revision, -1)]

    def answer(self, method, path, query, body):
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            self.cards.append(json.loads(body)["content"])
            return _json({"errors": [], "warnings": []})
        if path.startswith("/large/"):
            self.large[path.removeprefix("/large/")] = body
            return 200, {}, b""
        if match := _BATCH.fullmatch(path):
            return _json({"transfer": "basic", "objects": self._batch(json.loads(body))})
        match = _API.fullmatch(path)
        if match is None or match["repo"] not in self.repos:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        act = getattr(self, f"_{match['what']}")
        return act(method, self.repos[match["repo"]], match["revision"], body)

    def _create(self, asked):
        repo = f"{asked['organization']}/{asked['name']}"
        new = repo not in self.repos
        self.repos.setdefault(repo, {"commits": [{".gitattributes": b""}], "tags": {}})
        return (200 if new else 409), *_json({"url": f"{self.url}/{repo}"})[1:]

    def _batch(self, asked):
        for item in asked["objects"]:
            if item["oid"] in self.large:
                yield item
            else:
                yield {
                    **item,
                    "actions": {"upload": {"href": f"{self.url}/large/{item['oid']}"}},
                }

    def _refs(self, method, state, revision, body):
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": _oid(index)}
            for name, index in state["tags"].items()
        ]
        main = {
            "name": "main",
            "ref": "refs/heads/main",
            "targetCommit": _oid(len(state["commits"]) - 1),
        }
        return _json({"branches": [main], "tags": tags, "converts": []})

    def _tree(self, method, state, revision, body):
        entries = []
        for path, content in state["commits"][state["tags"].get(revision, -1)].items():
            blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            entry = {"type": "file", "path": path, "size": len(content), "oid": blob}
            if path.endswith(LFS):
                sha256 = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 130}
            entries.append(entry)
        return _json(entries)

    def _preupload(self, method, state, revision, body):
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LFS) else "regular",
                "shouldIgnore": False,
            }
            for file in json.loads(body)["files"]
        ]
        return _json({"files": files})

    def _commit(self, method, state, revision, body):
        files = dict(state["commits"][-1])
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        state["commits"].append(files)
        oid = _oid(len(state["commits"]) - 1)
        return _json({"commitUrl": f"{self.url}/owner/name/commit/{oid}", "commitOid": oid})

    def _tag(self, method, state, revision, body):
        if method == "DELETE":
            del state["tags"][revision]
        else:
            commit = len(state["commits"]) - 1 if revision == "main" else int(revision, 16)
            state["tags"][json.loads(body)["tag"]] = commit
        return 200, {}, b""


def _oid(index):
    return f"{index:040x}"


def _json(value):
    value = value if isinstance(value, dict) else list(value)
    if isinstance(value, dict) and "objects" in value:
        value["objects"] = list(value["objects"])
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()
