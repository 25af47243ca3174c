"""Archives that nobody vouches for."""

import gzip
import io
import os
import tarfile

import pytest

from exporter import unpack as unpacking
from exporter.errors import FetchError
from exporter.unpack import unpack


def member(name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(content)


def archive(tmp_path, *members, mode="w:gz"):
    path = tmp_path / "archive.tgz"
    with tarfile.open(path, mode, compresslevel=1) as tar:
        for info, content in members:
            tar.addfile(info, content)
    return path


def test_files_and_folders(tmp_path):
    path = archive(
        tmp_path,
        member("./v3", type=tarfile.DIRTYPE),
        member("v3/ema/model-1.index", b"index", mode=0o4777, uid=0),
        member("v3/pristine/empty"),
    )
    (tmp_path / "out").mkdir()
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out/v3/ema/model-1.index").read_bytes() == b"index"
    assert (tmp_path / "out/v3/ema/model-1.index").stat().st_mode & 0o7111 == 0
    assert (tmp_path / "out/v3/pristine/empty").exists()


UNSAFE = {
    "parent": (member("v3/../../evil", b"x"), "expected paths below its root"),
    "absolute": (member("/tmp/evil", b"x"), "expected paths below its root"),
    "backslash": (member("..\\evil", b"x"), "expected paths below its root"),
    "symlink": (member("a", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "'a', which is neither"),
    "hard link": (member("a", type=tarfile.LNKTYPE, linkname="../b"), "'a', which is neither"),
    "character device": (member("a", type=tarfile.CHRTYPE), "'a', which is neither"),
    "block device": (member("a", type=tarfile.BLKTYPE), "'a', which is neither"),
    "pipe": (member("a", type=tarfile.FIFOTYPE), "'a', which is neither"),
}


@pytest.mark.parametrize("kind", UNSAFE)
def test_unsafe_members(tmp_path, kind):
    bad, message = UNSAFE[kind]
    path = archive(tmp_path, member("good", b"g"), bad)
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    with pytest.raises(FetchError, match=message):
        unpack(path, out)
    assert os.listdir(out) == ["good"]
    assert not (tmp_path / "evil").exists()


def test_path_twice(tmp_path):
    path = archive(tmp_path, member("a", b"1"), member("a", b"2"))
    with pytest.raises(FetchError, match="expected every path once, found 'a' twice"):
        unpack(path, tmp_path)


def test_file_where_a_folder_is_needed(tmp_path):
    path = archive(tmp_path, member("a", b"1"), member("a/b", b"2"))
    with pytest.raises(FetchError, match="expected every path once"):
        unpack(path, tmp_path)


def test_a_hundred_thousand_members(tmp_path):
    """Given up at the cap."""
    headers = b"".join(member(str(number))[0].tobuf() for number in range(10_000))
    path = tmp_path / "archive.tgz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(10):
            file.write(headers)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(FetchError, match="at most 1000 members, found more"):
        unpack(path, out)
    assert len(os.listdir(out)) == unpacking.MAX_MEMBERS


def test_chain_of_headers(tmp_path):
    """Each says that it stands for the next, so that none of them is a member."""
    info = member("x", bytes(100), type=tarfile.XGLTYPE)[0]
    path = tmp_path / "archive.tgz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write((info.tobuf(tarfile.USTAR_FORMAT) + b"9 a=b\n\0".ljust(512, b"\0")) * 5000)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(path, tmp_path)


def test_huge_header(tmp_path):
    info = member("././@LongLink", bytes(1 << 20), type=tarfile.GNUTYPE_LONGNAME)[0]
    path = tmp_path / "archive.tgz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(2 << 20))
    with pytest.raises(FetchError, match="a header of 1048576 bytes"):
        unpack(path, tmp_path)


def test_more_headers_than_members(tmp_path, monkeypatch):
    """Long headers are searched for long, so that a small archive of many would take hours."""
    monkeypatch.setattr(unpacking, "MAX_HEADERS", 20)
    path = tmp_path / "archive.tgz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for number in range(11):
            info, content = member(str(number), pax_headers={"comment": "1" * 100})
            tar.addfile(info, content)
    with pytest.raises(FetchError, match="cannot be unpacked: more than 20 headers"):
        unpack(path, tmp_path)


def old_sparse():
    """A header, behind which another block of holes is promised time and again."""
    header = bytearray(member("x", type=tarfile.GNUTYPE_SPARSE)[0].tobuf(tarfile.GNU_FORMAT))
    header[482] = 1
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:512]))
    return bytes(header) + (b"00000000001\0" * 42 + b"\1" + bytes(7)) * 100


def new_sparse():
    """A member that begins with how many holes it has, and so many numbers."""
    said = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x"}
    info = member("x", b"1000000\n" + b"0\n" * 50_000, pax_headers=said)[0]
    return info.tobuf(tarfile.PAX_FORMAT) + b"1000000\n" + b"0\n" * 50_000


@pytest.mark.parametrize("content", [old_sparse, new_sparse])
def test_sparse_files_are_not_mapped(tmp_path, content):
    path = tmp_path / "archive.tgz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(content())
    with pytest.raises(FetchError, match="cannot be unpacked: a sparse file, whose map"):
        unpack(path, tmp_path)


def test_name_that_no_file_can_have(tmp_path):
    path = tmp_path / "archive.tgz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        info, content = member("x", b"1", pax_headers={"path": "a\0b"})
        tar.addfile(info, content)
    with pytest.raises(FetchError, match="cannot be unpacked: embedded null"):
        unpack(path, tmp_path)


def test_too_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1 << 20)
    path = archive(tmp_path, member("zeros", bytes(2 << 20)))
    assert path.stat().st_size < 1 << 16
    with pytest.raises(FetchError, match="at most 1048576 bytes, found more"):
        unpack(path, tmp_path)


@pytest.mark.parametrize("cut", [10, 100, 3000])
def test_cut_off(tmp_path, cut):
    path = archive(tmp_path, member("random", os.urandom(5000)))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FetchError, match=r"cannot be unpacked: .*\. Fetch or copy it again"):
        unpack(path, tmp_path)


def test_flipped_bit(tmp_path):
    path = archive(tmp_path, member("random", os.urandom(5000)))
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(path, tmp_path)


def test_no_archive(tmp_path):
    path = tmp_path / "archive.tgz"
    path.write_text("<html>not found</html>")
    with pytest.raises(FetchError, match="cannot be unpacked: Not a gzipped file"):
        unpack(path, tmp_path)


@pytest.mark.parametrize("name", ["a" * 256, "/".join(["aa"] * 100), "é" * 128])
def test_names_that_are_too_long(tmp_path, name):
    path = archive(tmp_path, member(name, b"1"))
    with pytest.raises(FetchError, match=r"expected names of at most 255 bytes, found") as caught:
        unpack(path, tmp_path)
    assert len(str(caught.value)) < 500
