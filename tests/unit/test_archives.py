"""What the cache of archives holds, and what it does not."""

import gzip
import hashlib
import io
import os
import tarfile
from dataclasses import replace

import pytest

from checkpoints.catalog import PublishedCheckpoint
from exporter import archives, download
from exporter.errors import FetchError

PUBLISHED = PublishedCheckpoint("http://x/a.tgz", variant="a", prefix="a/ema/model-1")


def packed(*names):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return held.getvalue()


GOOD = packed("a/ema/model-1.index", "a/ema/model-1.data-00000-of-00001")
BAD = {
    "empty": b"",
    "gzip of nothing": gzip.compress(b""),
    "compressed twice": gzip.compress(GOOD),
    "no member": packed(),
    "another checkpoint": packed("a/ema/model-2.index"),
    "a page": b"<html>not found",
    "cut off": GOOD[:-20],
    "unsafe": packed("a/ema/model-1.index", "../evil"),
}


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """Fetches from a server that sends what it is told to."""

    def run(*bodies):
        left = list(bodies)
        monkeypatch.setattr(
            download, "_receive", lambda transfer, *_: transfer.partial.write_bytes(left.pop(0))
        )
        return archives.fetch(PUBLISHED, archives.FetchOptions(cache_dir=tmp_path))

    return run


@pytest.mark.parametrize("kind", BAD)
def test_only_a_readable_archive_enters_the_cache(fetch, tmp_path, kind):
    with pytest.raises(FetchError):
        fetch(BAD[kind])
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


@pytest.mark.parametrize("algorithm", ["sha256", "sha384"])
def test_one_of_known_digest_is_fetched_once(tmp_path, monkeypatch, algorithm):
    row = replace(PUBLISHED, **{algorithm: hashlib.new(algorithm, GOOD).hexdigest()})
    (tmp_path / "a.tgz").write_bytes(GOOD)
    monkeypatch.setattr(download, "_receive", None)
    assert archives.fetch(row, archives.FetchOptions(cache_dir=tmp_path)).read_bytes() == GOOD


def test_a_checkpoint_of_one_file(fetch):
    assert fetch(packed("model-1", "train.graph"))


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_one_in_the_cache_is_fetched_again(fetch, tmp_path, kind):
    (tmp_path / "a.tgz").write_bytes(BAD[kind])
    assert fetch(GOOD).read_bytes() == GOOD
    assert fetch().read_bytes() == GOOD


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_read(fetch, tmp_path, make):
    make(tmp_path / "a.tgz")
    with pytest.raises(FetchError, match=r"is no file: .* Delete it and try again"):
        fetch()
