"""What `--to` and `--release` may be, in the sentences that refuse the rest."""

import errno
import json
import sys

import pytest
from support.loopback_hosts.places import SECRET
from support.releases import HANDLE, archive_of, contents
from support.releases import described as listing_of

from exporter.errors import PublishError
from exporter.installing import pip_install
from exporter.releases.checked_release import check_release, opened
from exporter.releases.targets.failures import described


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (
            "nosuch://x",
            "is unknown: expected a path, file://, tfserving://, hf://, kaggle://, oci://, or a",
        ),
        ("file://elsewhere/x", "is on another machine: expected file:///path"),
        ("hf://owner", "is no repository: expected hf://owner/repository"),
        ("hf://owner/a/b", "is no repository: expected hf://owner/repository"),
        ("kaggle://owner/model", "is no variation of a model"),
        ("kaggle://owner/model/tensorFlow2/x/3", "is no variation of a model"),
        ("kaggle://owner/model/nosuch/x", "is no variation of a model"),
        ("oci://registry", "is no tag of a repository"),
        ("oci://registry/x:1:2", "is no tag of a repository"),
        (f"s3://key:{SECRET}@bucket", "Target 's3://' holds credentials"),
        (f"oci://user:{SECRET}@registry/x", "Target 'oci://' holds credentials"),
        ("a\nb", "expected printable characters"),
        ("http://127.0.0.1:9/x", "cannot be published to"),
    ],
)
def test_targets_that_make_no_sense(to, expected, release, refused):
    assert expected in refused(release, to)


@pytest.mark.parametrize(
    ("to", "library", "package"),
    [
        ("hf://o/r", "huggingface_hub", "huggingface-hub"),
        ("kaggle://o/m/tensorFlow2/v", "kagglehub", "kagglehub"),
        ("oci://r/x", "oras.container", "oras"),
        ("memory://x", "fsspec", "fsspec"),
    ],
)
def test_a_library_that_is_missing(to, library, package, release, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    said = refused(release, to)
    assert f"expected '{package}', found none." in said
    assert f"Run: {pip_install('publish')}." in said


def test_a_folder_that_is_in_the_way(tmp_path, release, refused):
    folder = tmp_path / "hub" / HANDLE
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine")
    assert "is not a release: expected 'manifest.json' in it" in refused(
        release, tmp_path / "hub", "--overwrite"
    )
    assert contents(folder) == {"thesis.txt": b"mine"}


def change(name, content=b"{}"):
    def apply(release):
        (release / name).write_bytes(content)

    return apply


def flip(release):
    archive = release / "model.tar.gz"
    packed = bytearray(archive.read_bytes())
    packed[100] ^= 1
    archive.write_bytes(packed)


def link(release):
    (release / "5.md").rename(release.parent / "page")
    (release / "5.md").symlink_to(release.parent / "page")


def manifest(**changes):
    def apply(release):
        path = release / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return apply


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (change("5.md"), "found changed '5.md'."),
        (change("weights.bin"), "found added 'weights.bin'."),
        (lambda release: (release / "report.html").unlink(), "found missing 'report.html'."),
        (
            lambda release: (release / "5.md").rename(release / "6.md"),
            "found renamed '5.md' (to '6.md').",
        ),
        (flip, "found changed 'model.tar.gz'."),
        (link, "found changed '5.md' (no regular file)."),
        (lambda release: (release / "manifest.json").unlink(), "expected 'manifest.json' in it"),
        (change("manifest.json", b"{"), "is malformed"),
        (change("manifest.json", b" " * (2 << 20)), "found more than 1048576 bytes"),
        (manifest(handle="../../etc/5"), "Handle '../../etc/5' is malformed"),
        (manifest(files={}), "found no 5.md, model.tar.gz among its files"),
        (manifest(files={"../x": {"sha256": "0" * 64, "size": 1}}), "found the name '../x'"),
        (manifest(files={"/x": {"sha256": "0" * 64, "size": 1}}), "found the name '/x'"),
        (manifest(model={}), "found added 'model.tar.gz/saved_model.pb', "),
        (
            manifest(model_digest="0" * 64),
            "found changed 'manifest.json' (model_digest is not that",
        ),
    ],
)
def test_a_release_that_is_not_what_it_says(damage, expected, tmp_path, release, refused):
    damage(release)
    said = refused(release, tmp_path / "hub")
    assert expected in said
    assert not (tmp_path / "hub").exists()


def test_an_archive_of_another_model(tmp_path, release):
    packed = archive_of(tmp_path / "home")  # of no files
    (release / "model.tar.gz").write_bytes(packed)
    listed = json.loads((release / "manifest.json").read_text())["files"]
    manifest(files={**listed, "model.tar.gz": listing_of(release / "model.tar.gz")})(release)
    check_release(release)
    with (
        pytest.raises(
            PublishError, match=r"model.tar.gz' is malformed: expected 'saved_model.pb', found none"
        ),
        opened(release),
    ):
        pass


def test_a_page_that_is_no_text(tmp_path, release, refused):
    (release / "5.md").write_bytes(b"# Module \xff")
    listed = json.loads((release / "manifest.json").read_text())["files"]
    manifest(files={**listed, "5.md": listing_of(release / "5.md")})(release)
    assert "expected UTF-8, found invalid start byte" in refused(release, tmp_path / "hub")


def test_what_a_host_says_is_not_repeated():
    """A careless host may answer with the credential that it was sent."""
    error = OSError(f"refused, you sent {SECRET}")
    error.__cause__ = ValueError(f"status code 403: you sent {SECRET}")
    assert described(error) == "HTTP status 403: the credentials do not allow it"
    assert described(RuntimeError(f"you sent {SECRET}")) == "runtime"
    assert described(OSError(errno.ENOSPC, "No space left")) == "No space left"
