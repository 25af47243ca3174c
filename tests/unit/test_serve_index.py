"""Which releases the host finds, and where it listens."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from support.releases import HANDLE, make_release

from exporter.errors import PublishError
from exporter.releases.serve import index, pages
from exporter.releases.serve.host import bind, is_loopback, open_catalog, url_of
from exporter.releases.serve.index import Catalog


def test_looks_again_when_folders_change(tmp_path):
    told = []
    catalog = Catalog(tmp_path, told.append)
    assert catalog.index().releases == {}
    make_release(tmp_path / "new")
    catalog._stale_at = 0
    assert list(catalog.index().releases) == [HANDLE]

    make_release(tmp_path / "second")
    catalog._stale_at = 0
    assert list(catalog.index().releases) == [HANDLE]
    assert "expected every handle once" in told[0]

    (tmp_path / "new/manifest.json").write_text("{")
    catalog._stale_at = 0
    assert catalog.index().releases[HANDLE].files["5.md"].path.parent.name == "second"
    assert "is malformed" in told[1]


def test_a_file_is_read_again_only_if_it_changed(tmp_path, monkeypatch):
    release, read = make_release(tmp_path / "release"), []
    monkeypatch.setattr(index, "of_files", lambda paths: read.append(paths) or digest(paths[0]))
    catalog = Catalog(tmp_path, print)
    catalog.index()
    first = len(read)
    catalog._stale_at = 0
    catalog.index()
    assert len(read) == first

    os.utime(release / "5.md")
    catalog._stale_at = 0
    assert list(catalog.index().releases) == [HANDLE]
    assert len(read) == first + 1


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_port_that_is_taken():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PublishError, match=f"^Port {port} of '127.0.0.1' cannot be listened"):
            bind("127.0.0.1", port)


def test_who_can_reach_a_port():
    for host, expected, inside in (
        ("127.0.0.1", "http://127.0.0.1:", True),
        ("0.0.0.0", "http://0.0.0.0:", False),
        ("localhost", "http://", True),
    ):
        with bind(host, 0) as listening:
            assert is_loopback(listening) is inside
            assert url_of(listening).startswith(expected)
    with pytest.raises(PublishError, match=r"Change --port or --host"):
        bind("no.such.host.invalid", 0)


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(PublishError, match=r"expected a folder with releases, found none"):
        open_catalog(tmp_path / "none", print)


@pytest.fixture
def closed(monkeypatch):
    """Has folders called 'closed' refuse to be read, which root's own are not."""
    scandir = os.scandir

    def run(path="."):
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", run)


@pytest.mark.usefixtures("closed")
def test_folders_that_cannot_be_read_or_shown_do_not_hide_others(tmp_path):
    told = []
    make_release(tmp_path / "good")
    make_release(tmp_path / "closed", handle="google/closed/1")
    strange = make_release(tmp_path / os.fsdecode(b"caf\xe9\x1b[31m"), handle="google/strange/1")
    (strange / "5.md").write_text("other")
    (strange / "contract.json").write_text("other")
    impossible = make_release(tmp_path / "impossible", handle="google/impossible/1")
    manifest = json.loads((impossible / "manifest.json").read_text())
    manifest["files"]["a\0b"] = manifest["files"]["1.md"]
    (impossible / "manifest.json").write_text(json.dumps(manifest))
    catalog = Catalog(tmp_path, told.append)
    found = catalog.index()
    assert list(found.releases) == [HANDLE]
    assert sorted(folder.name for folder in found.damaged) == [
        strange.name,
        "closed",
        "impossible",
    ]
    assert any("closed' cannot be read and is not served: Permission denied." in t for t in told)
    assert r"caf\udce9\x1b[31m' is damaged" in "".join(told)
    assert pages.listing(found, "http://localhost:8500").encode()


@pytest.mark.usefixtures("closed")
def test_a_root_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "closed").mkdir()
    with pytest.raises(PublishError, match=r"closed' cannot be read: Permission denied\. Change"):
        open_catalog(tmp_path / "closed", print)
