"""Where the tests publish to: for every kind of target, a place of the test's own."""

import os
import posixpath
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import fsspec
import requests

from support.loopback_hosts.hugging_face_hub import Hub
from support.loopback_hosts.kaggle_models import Kaggle
from support.loopback_hosts.oci_registry import Registry
from support.loopback_hosts.server import running
from support.releases import HANDLE, contents

SECRET = "s3cr3tT0ken"


@dataclass
class Place:
    """One place.

    Attributes:
        to: Its URL.
        read: Returns the version's files by name, None if there is no version.
        host: The small server, if it is one of ours.
        env: What a process of its own needs to find it.
    """

    to: str
    read: Any
    host: Any = None
    env: dict = field(default_factory=dict)


@contextmanager
def directory(tmp_path):
    folder = tmp_path / "hub" / HANDLE
    yield Place(str(tmp_path / "hub"), lambda: contents(folder) if folder.exists() else None)


@contextmanager
def serving(tmp_path):
    folder = tmp_path / "models/tiny/5"
    to = f"tfserving://{tmp_path}/models/tiny"
    yield Place(to, lambda: contents(folder) if folder.exists() else None)


@contextmanager
def memory(tmp_path):
    store = fsspec.filesystem("memory")
    yield Place(f"memory://{tmp_path.name}", lambda: _stored(store, f"/{tmp_path.name}/{HANDLE}"))
    store.rm("/", recursive=True)


@contextmanager
def s3(tmp_path):
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    env = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with _environment(env):
        s3fs.S3FileSystem.clear_instance_cache()
        store = fsspec.filesystem("s3")
        store.mkdir("bucket")
        yield Place(
            "s3://bucket/models", lambda: _stored(store, f"bucket/models/{HANDLE}"), env=env
        )
        s3fs.S3FileSystem.clear_instance_cache()
    # Every server of a process has the same buckets.
    requests.post(f"{env['AWS_ENDPOINT_URL']}/moto-api/reset", timeout=10)
    server.stop()


def _stored(store, root):
    """Reads a version as those see it who look for its manifest."""
    store.invalidate_cache()
    if not store.exists(f"{root}/manifest.json"):
        return None
    return {posixpath.relpath(path, root): store.cat_file(path) for path in store.find(root)}


@contextmanager
def oci(tmp_path):
    def read():
        if key not in host.manifests:
            return None
        layers = host.manifests[key]["layers"]
        names = [layer["annotations"]["org.opencontainers.image.title"] for layer in layers]
        return {n: host.blobs[part["digest"]] for n, part in zip(names, layers, strict=True)}

    key = "models/tiny", "5"
    with running(Registry()) as host:
        yield Place(f"oci://{host.url.removeprefix('http://')}/models/tiny", read, host)


@contextmanager
def hugging_face(tmp_path):
    from huggingface_hub import constants

    def read():
        repo = host.repos.get("owner/tiny")
        if repo is None or "5" not in repo["tags"]:
            return None
        files = dict(host.files("owner/tiny", "5"))
        del files[".gitattributes"]
        return files

    with running(Hub()) as host:
        env = {"HF_TOKEN": SECRET, "HF_ENDPOINT": host.url, "HF_HUB_DISABLE_XET": "1"}
        # This process has read the variables of its environment already.
        changed = {"ENDPOINT": host.url, "HF_HUB_DISABLE_XET": True}
        before = {name: getattr(constants, name) for name in changed}
        try:
            _set(constants, changed)
            with _environment(env):
                yield Place("hf://owner/tiny", read, host, env)
        finally:
            _set(constants, before)


@contextmanager
def kaggle(tmp_path):
    from kagglesdk import kaggle_env

    endpoints, here = kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD
    before = endpoints[here]
    with running(Kaggle()) as host, _environment({"KAGGLE_API_TOKEN": SECRET}):
        # Its library knows no variable for any endpoint of the loopback but two fixed ones.
        endpoints[here] = host.url
        to = "kaggle://owner/tiny/tensorFlow2/features"
        try:
            yield Place(to, lambda: host.versions[-1] if host.versions else None, host)
        finally:
            endpoints[here] = before


@contextmanager
def _environment(variables):
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _set(module, values):
    for name, value in values.items():
        setattr(module, name, value)


PLACES = {
    place.__name__: place for place in (directory, serving, memory, s3, oci, hugging_face, kaggle)
}
