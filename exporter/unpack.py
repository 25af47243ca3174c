"""Unpacks checkpoint archives that nobody vouches for."""

import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, Self, cast

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.errors import FetchError, listing

# The published archives hold about ten members; the one whose size is known has 0.11 GiB.
MAX_MEMBERS = 1000
MAX_BYTES = 1 << 30
# Of headers: beside its own, a member may have one that holds a long name or the like. How long
# that is, is how long tarfile may search it: by Python before 3.11.10, for the square of it.
MAX_HEADERS = 2 * MAX_MEMBERS
MAX_HEADER = 1 << 12
# Of a path; the published ones have some 60, and file systems allow 255 a part.
MAX_NAME = 255
_MAX_SAID = 60  # characters of one that is longer
_BLOCK = 1 << 20
_BAD_ARCHIVE = (
    *(tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error),
    *(ValueError, OverflowError),  # numbers and names in headers that make no sense
    RecursionError,  # a long chain of headers, each of which stands for the next
)


class _Capped:
    """A stream that refuses to give more than a number of bytes."""

    def __init__(self, stream: gzip.GzipFile, archive: Path) -> None:
        self._stream, self._archive, self._left = stream, archive, MAX_BYTES

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise _refused(self._archive, f"at most {MAX_BYTES} bytes", "more")
        return block


class _CappedTar(tarfile.TarFile):
    """An archive that counts its headers, many of which may stand before one member."""

    headers = 0


class _CappedHeader(tarfile.TarInfo):
    """A header that says what it is before tarfile reads what belongs to it."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        assert isinstance(archive, _CappedTar), "opened as such"
        archive.headers += 1
        if archive.headers > MAX_HEADERS:
            raise tarfile.ReadError(f"more than {MAX_HEADERS} headers")
        return super().fromtarfile(archive)

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError(_SPARSE)
        if header.type not in _CONTENT_TYPES and header.size > MAX_HEADER:
            raise tarfile.ReadError(f"a header of {header.size} bytes")
        return header

    def _proc_gnusparse_10(self, *_: object) -> None:
        """Refuses the newer kind of sparse files, where tarfile would read their map."""
        raise tarfile.ReadError(_SPARSE)


_CONTENT_TYPES = (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE)
_SPARSE = "a sparse file, whose map of holes may fill the memory"


def read_to_end(archive: Path) -> None:
    """Reads a `.tgz` to its end, where its checksum stands.

    Raises:
        FetchError: If it is none, a pointer to one, is cut off or damaged.
    """
    if is_pointer(archive):
        raise FetchError(f"Archive '{archive}' {IS_POINTER}")
    with _errors_of(archive), gzip.open(archive, "rb") as stream:
        capped = _Capped(stream, archive)
        while capped.read(_BLOCK):
            pass


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks regular files and folders of a `.tgz`; refuses everything else.

    The archive is read as a stream and given up at the first member that is
    wrong. Permissions, owners and times in it are ignored.

    Args:
        archive: The file.
        folder: An empty folder to unpack into.

    Raises:
        FetchError: If it is no archive, is cut off, or a member is not a
            regular file or folder below the archive's root, comes twice, or
            is one too many.
        OSError: If a file cannot be written.
    """
    read_to_end(archive)
    with _opened(archive) as tar:
        for member, target in _checked(tar, archive, folder):
            _write(tar, member, target, archive)


def check_checkpoint(archive: Path, prefix: str | None) -> None:
    """Refuses what is no whole `.tgz` with a checkpoint in it; writes nothing.

    Args:
        archive: The file.
        prefix: The checkpoint that must be in it, of which its folder does not
            count; None for any.

    Raises:
        FetchError: If it is another file, or `unpack` would refuse it.
    """
    read_to_end(archive)
    with _opened(archive) as tar:
        files = [path.name for member, path in _checked(tar, archive, Path()) if member.isreg()]
    # A checkpoint of one file has the name that others have before `.index`.
    alone = PurePosixPath(prefix).name if prefix else "*.ckpt"
    expected = f"{alone if prefix else '*'}.index"
    if not any(fnmatchcase(name, wanted) for name in files for wanted in (expected, alone)):
        raise FetchError(
            f"Archive '{archive}' holds another thing: expected a file '{expected}' or '{alone}',"
            f" found {listing(files) or 'none'}. Try another --mirror."
        )


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    with _errors_of(archive), gzip.open(archive, "rb") as stream:
        # A stream needs no more than read(), but the types ask for more.
        capped = cast("IO[bytes]", _Capped(stream, archive))
        with _CappedTar.open(fileobj=capped, mode="r|", tarinfo=_CappedHeader) as tar:
            yield tar


@contextmanager
def _errors_of(archive: Path) -> Iterator[None]:
    """Turns what tarfile and gzip raise for bad archives into what the user is told."""
    try:
        yield
    except _BAD_ARCHIVE as error:
        raise FetchError(
            f"Archive '{archive}' cannot be unpacked: {error}. Fetch or copy it again."
        ) from error


def _checked(
    tar: tarfile.TarFile, archive: Path, folder: Path
) -> Iterator[tuple[tarfile.TarInfo, Path]]:
    for count, member in enumerate(tar, start=1):
        if count > MAX_MEMBERS:
            raise _refused(archive, f"at most {MAX_MEMBERS} members", "more")
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or "\\" in member.name:
            raise _refused(archive, "paths below its root", f"'{member.name}'")
        if member.issparse() or not (member.isreg() or member.isdir()):
            raise _refused(
                archive, "regular files and folders", f"'{member.name}', which is neither"
            )
        if max(map(len, map(os.fsencode, (member.name, *path.parts)))) > MAX_NAME:
            found = f"'{member.name[:_MAX_SAID]}...'"
            raise _refused(archive, f"names of at most {MAX_NAME} bytes", found)
        yield member, folder / path


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, archive: Path) -> None:
    try:
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.open("xb")
    except (FileExistsError, NotADirectoryError) as error:
        raise _refused(archive, "every path once", f"'{member.name}' twice") from error
    source = tar.extractfile(member)
    assert source is not None, "regular files have content"
    with file:
        shutil.copyfileobj(source, file, _BLOCK)


def _refused(archive: Path, expected: str, found: str) -> FetchError:
    return FetchError(
        f"Archive '{archive}' is not safe to unpack: expected {expected}, found {found}."
        " Do not use it; fetch the published one."
    )
