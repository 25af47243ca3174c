"""The same files give the same archive; what does not belong in one is refused by name."""

import gzip
import os
import shutil
import socket
import tarfile
import tempfile
from pathlib import Path

import pytest

from exporter import digests
from exporter.errors import ExporterError, PublishError
from exporter.releases import archive

FILES = {
    "saved_model.pb": b"graph",
    "fingerprint.pb": b"1",
    "assets/labels.txt": b"background\n",
    "variables/variables.index": b"index",
    "variables/variables.data-00000-of-00001": bytes(range(256)) * 9000,
}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed(folder, path):
    with path.open("wb") as target:
        files = archive.write(folder, target)
    return files, path.read_bytes()


def test_bytes_depend_on_contents_alone(model, tmp_path):
    files, one = packed(model, tmp_path / "one")
    copy = tmp_path / "another folder" / "m"
    copy.mkdir(parents=True)
    for name in reversed(FILES):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(model / name, copy / name)
        (copy / name).chmod(0o600)
        os.utime(copy / name, (1, 1))
    (copy / "assets.extra").mkdir()  # a folder without files
    again, other = packed(copy, tmp_path / "two.tar.gz")
    assert one == other
    assert files == again
    (copy / "fingerprint.pb").write_bytes(b"2")
    assert packed(copy, tmp_path / "three")[1] != one


def unpacked(path):
    with tempfile.TemporaryDirectory() as folder:
        return archive.unpacked(path, Path(folder))


def test_headers_say_nothing_of_this_machine(model, tmp_path):
    _, content = packed(model, tmp_path / "model.tar.gz")
    assert content[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no name, no time
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted([*FILES, "assets", "variables"])
    for member in members:
        mode = 0o755 if member.isdir() else 0o644
        assert (member.mode, member.mtime, member.uid, member.gid) == (mode, 0, 0, 0)
        assert (member.uname, member.gname) == ("", "")


def test_digest_is_that_of_the_folder(model, tmp_path):
    files, _ = packed(model, tmp_path / "model.tar.gz")
    assert archive.digest(files) == digests.of_folder(model)
    assert unpacked(tmp_path / "model.tar.gz") == files


def test_tensorflow_hub_unpacks_it(model, tmp_path):
    from tensorflow_hub.file_utils import extract_tarfile_to_destination

    packed(model, tmp_path / "model.tar.gz")
    with (tmp_path / "model.tar.gz").open("rb") as file:
        extract_tarfile_to_destination(file, str(tmp_path / "out"))
    assert digests.of_folder(tmp_path / "out") == digests.of_folder(model)


def link(folder):
    (folder / "assets" / "evil").symlink_to("/etc/passwd")


def link_to_folder(folder):
    (folder / "assets.extra").symlink_to("/etc")


def a_socket(folder):
    socket.socket(socket.AF_UNIX).bind(str(folder / "s"))


def pipe(folder):
    os.mkfifo(folder / "variables" / "variables.pipe")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (link, "assets/evil"),
        (link_to_folder, "assets.extra"),
        pytest.param(a_socket, "s", marks=pytest.mark.filterwarnings("ignore::ResourceWarning")),
        (pipe, "variables/variables.pipe"),
    ],
)
def test_what_is_no_file_is_refused(model, change, name, monkeypatch):
    monkeypatch.chdir(model.parent)  # the path of a socket must be short
    change(model.relative_to(model.parent))
    with pytest.raises(PublishError, match=f"regular files and folders, found {name}, which is"):
        archive.members(model)


@pytest.mark.parametrize(
    "name", ["README.md", "saved_model.pb.bak", "variables/x", "assets/.hidden", "assets/a\nb"]
)
def test_strange_files_are_refused(model, name):
    (model / name).write_text("")
    with pytest.raises(PublishError, match=r"expected only saved_model\.pb, .*, found"):
        archive.members(model)


def test_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(PublishError, match=r"expected 'saved_model\.pb', found none"):
        archive.members(tmp_path)


def test_damaged_archives_are_refused(model, tmp_path):
    path = tmp_path / "model.tar.gz"
    _, content = packed(model, path)
    for broken in (content[:-9], content[:300] + b"x" + content[301:], b"", b"no archive"):
        path.write_bytes(broken)
        with pytest.raises(ExporterError, match=r"Archive .*model\.tar\.gz' cannot be unpacked"):
            unpacked(path)


def test_archive_with_other_files_is_refused(tmp_path):
    (tmp_path / "x").write_text("x")
    with gzip.open(tmp_path / "a", "wb") as file, tarfile.open(fileobj=file, mode="w|") as tar:
        tar.add(tmp_path / "x", "setup.py")
    with pytest.raises(ExporterError, match=r"^SavedModel '.*/a' .* 'saved_model\.pb', found none"):
        unpacked(tmp_path / "a")
