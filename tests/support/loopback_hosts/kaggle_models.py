"""The endpoints of Kaggle's API that kagglehub's uploads and downloads of models use."""

import json

from support.loopback_hosts.server import Host


class Kaggle(Host):
    """One variation; for each version, its files by path."""

    def __init__(self):
        super().__init__()
        self.model, self.versions, self.told, self.blobs = False, [], [], {}

    def answer(self, method, path, query, body):
        if path.startswith("/blob/"):
            token = path.removeprefix("/blob/")
            self.blobs[token] = (self.blobs[token][0], body)
            return 200, {}, b""
        if path.startswith("/file/"):
            number, name = path.removeprefix("/file/").split("/", 1)
            return (
                200,
                {"Content-Type": "application/octet-stream"},
                self.versions[int(number)][name],
            )
        act = getattr(self, f"_{path.rpartition('/')[2]}")
        return act(json.loads(body))

    def _GetModel(self, asked):  # noqa: N802
        return _json({"id": 1}) if self.model else _json({"message": "none"}, 404)

    def _CreateModel(self, asked):  # noqa: N802
        self.model = True
        return _json({"id": 1})

    def _GetModelInstance(self, asked):  # noqa: N802
        if not self.versions:
            return _json({"message": "none"}, 404)
        return _json({"id": 1, "versionNumber": len(self.versions)})

    def _StartBlobUpload(self, asked):  # noqa: N802
        token = f"t{len(self.blobs)}"
        self.blobs[token] = (asked["name"], b"")
        return _json({"token": token, "createUrl": f"{self.url}/blob/{token}"})

    def _CreateModelInstance(self, asked):  # noqa: N802
        if self.versions:
            return _json({"error": "exists", "errorCode": 409})
        return self._add(asked)

    def _CreateModelInstanceVersion(self, asked):  # noqa: N802
        return self._add(asked)

    def _DownloadModelInstanceVersion(self, asked):  # noqa: N802
        number = asked["versionNumber"] - 1
        if asked["path"] not in self.versions[number]:
            return _json({"message": "none"}, 404)
        return 302, {"Location": f"{self.url}/file/{number}/{asked['path']}"}, b""

    def _add(self, asked):
        self.told.append(asked["body"])
        self.versions.append(dict(self._files(asked["body"], "")))
        return _json({"id": 1, "url": ""})

    def _files(self, folder, prefix):
        for file in folder.get("files", []):
            name, content = self.blobs[file["token"]]
            yield prefix + name, content
        for inner in folder.get("directories", []):
            yield from self._files(inner, f"{prefix}{inner['name']}/")


def _json(value, status=200):
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
