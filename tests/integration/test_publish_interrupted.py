"""Publishing that is killed, broken off or out of space: the old version or the new one."""

import os
import resource
import signal
import subprocess
import sys

import fsspec
import pytest
from support.loopback_hosts.places import memory, oci
from support.loopback_hosts.server import BREAK
from support.releases import HANDLE, contents, make_release

from exporter.errors import PublishError
from exporter.releases.sending import PublishRequest
from exporter.releases.serve.index import Catalog
from exporter.releasing import publish

pytestmark = pytest.mark.integration

# Publishes, and kills itself when it is about to copy the third file.
KILLED = """
import os, shutil, signal, sys
copied, copyfile = [], shutil.copyfile
def copy(*paths, **options):
    copied.append(paths)
    if len(copied) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return copyfile(*paths, **options)
shutil.copyfile = copy
from exporter.__main__ import main
main()
"""


@pytest.fixture
def releases(tmp_path):
    old = make_release(tmp_path / "old")
    return old, make_release(tmp_path / "new", page="# Module {handle}\n\nNew.\n")


def test_killed_while_it_copies(tmp_path, releases, slim_export):
    old, new = releases
    hub = tmp_path / "hub"
    flags = ["publish", f"--to={hub}", "--overwrite"]
    for release, before in ((old, None), (new, contents(old))):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, *flags, f"--release={release}"], check=False, timeout=60
        )
        assert killed.returncode == -signal.SIGKILL
        folder = hub / HANDLE
        assert (contents(folder) if folder.exists() else None) == before
        # The first time it is killed before there is a hub.
        served = list(Catalog(hub, print).index().releases) if hub.exists() else []
        assert served == ([HANDLE] if before else [])
        done = slim_export(*flags, f"--release={release}")
        assert done.returncode == 0, done.stderr
        assert contents(folder) == contents(release)
        assert os.listdir(folder.parent) == [folder.name]


def test_no_space_is_left(tmp_path, releases, slim_export):
    """A limit of the size of files stands for a full disk."""
    old, _ = releases
    hub = tmp_path / "hub"
    assert slim_export("publish", f"--to={hub}", f"--release={old}").returncode == 0
    large = make_release(tmp_path / "large", model=400_000)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    flags = ["publish", f"--to={hub}", f"--release={large}", "--overwrite"]
    full = slim_export(*flags, preexec_fn=limit)
    assert full.returncode == 1
    assert len(full.stderr.splitlines()) == 1
    assert "File too large" in full.stderr
    assert contents(hub / HANDLE) == contents(old)


@pytest.mark.parametrize("how", ["killed", "broken"])
def test_interrupted_while_it_uploads(how, tmp_path, releases):
    old, _ = releases
    with oci(tmp_path) as place:
        running = []

        def fault(method, path):
            if len(place.host.sent("PUT")) < 3:
                return None
            if how == "killed":
                running[0].kill()
            return BREAK

        place.host.fault = fault
        command = [sys.executable, "-m", "exporter", "publish"]
        command += [f"--release={old}", f"--to={place.to}"]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))
        output, errors = running[0].communicate(timeout=60)
        status = -signal.SIGKILL if how == "killed" else 1
        assert (running[0].returncode, output) == (status, "")
        assert len(errors.splitlines()) == (0 if how == "killed" else 1)
        assert place.read() is None
        assert len(place.host.blobs) == 2

        place.host.fault = lambda method, path: None
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.count("was there already") == 2
        assert place.read() == contents(old)


def test_a_store_that_fails_while_a_version_is_replaced(tmp_path, releases, monkeypatch):
    """The old version, or none that anybody would take for one; then the new one."""
    old, new = releases
    with memory(tmp_path) as place:
        store = type(fsspec.filesystem("memory"))
        send(old, place)
        for method, left in (("put_file", contents(old)), ("cp_file", None)):
            with monkeypatch.context() as patch:
                patch.setattr(store, method, failing(getattr(store, method)))
                with pytest.raises(PublishError, match="the connection was refused or broken"):
                    send(new, place)
            assert place.read() == left
        assert send(new, place).action == "published"
        assert place.read() == contents(new)
        everything = fsspec.filesystem("memory").find(f"/{tmp_path.name}")
        assert len(everything) == len(contents(new))


def send(release, place):
    return publish(PublishRequest(release, place.to, overwrite=True))


def failing(method):
    """Lets a method work once."""
    calls = []

    def run(*arguments, **options):
        calls.append(arguments)
        if len(calls) > 1:
            raise ConnectionResetError("broken")
        return method(*arguments, **options)

    return run
