"""A registry after the OCI distribution specification: pull and push, whole blobs only."""

import hashlib
import json
import re

from support.loopback_hosts.server import Host

_BLOB = re.compile(r"/v2/(?P<name>.+)/blobs/(?P<digest>sha256:[0-9a-f]{64})")
_UPLOAD = re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<id>\d*)")
_MANIFEST = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<tag>[\w.-]+)")


class Registry(Host):
    def __init__(self):
        super().__init__()
        self.blobs, self.manifests = {}, {}

    def answer(self, method, path, query, body):
        for pattern, act in ((_UPLOAD, self._upload), (_BLOB, self._blob), (_MANIFEST, self._tag)):
            if match := pattern.fullmatch(path):
                return act(method, match, query, body)
        return 404, {}, b"{}"

    def _upload(self, method, match, query, body):
        if method == "POST":
            return 202, {"Location": f"/v2/{match['name']}/blobs/uploads/1"}, b""
        (digest,) = query["digest"]
        if digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            return 400, {}, b'{"errors": [{"code": "DIGEST_INVALID"}]}'
        self.blobs[digest] = body
        return 201, {"Location": f"/v2/{match['name']}/blobs/{digest}"}, b""

    def _blob(self, method, match, query, body):
        blob = self.blobs.get(match["digest"])
        if blob is None:
            return 404, {}, b"{}"
        return 200, {"Docker-Content-Digest": match["digest"]}, blob

    def _tag(self, method, match, query, body):
        key = match["name"], match["tag"]
        if method == "PUT":
            manifest = json.loads(body)
            needed = [manifest["config"], *manifest["layers"]]
            if any(part["digest"] not in self.blobs for part in needed):
                return 400, {}, b'{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN"}]}'
            self.manifests[key] = manifest
            return 201, {"Location": match.string}, b""
        if key not in self.manifests:
            return 404, {}, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'
        kind = self.manifests[key]["mediaType"]
        return 200, {"Content-Type": kind}, json.dumps(self.manifests[key]).encode()
