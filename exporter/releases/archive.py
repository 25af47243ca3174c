"""The archive of a model, in TensorFlow Hub's hosting format, always with the same bytes."""

import fnmatch
import gzip
import hashlib
import io
import os
import re
import stat
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from exporter.digests import of_files
from exporter.errors import PublishError, listing, reason
from exporter.releases.manifest import ReleaseFile
from exporter.unpack import unpack

# What TensorFlow Hub takes, and no name that it refuses.
ALLOWED = (
    *("saved_model.pb", "saved_model.pbtxt", "tfhub_module.pb", "keras_metadata.pb"),
    *("assets/*", "assets.extra/*", "variables/variables.*", "fingerprint.pb"),
)
_NAME = re.compile(r"[\w-][\w\-!',.=:% ]*(/[\w-][\w\-!',.=:% ]*)*", re.ASCII)
_LEVEL = 9


def members(folder: Path, source: Path | None = None) -> list[str]:
    """Lists the files of a SavedModel.

    Args:
        folder: The SavedModel.
        source: What it was unpacked from, if it was.

    Returns:
        Their paths below the folder, sorted.

    Raises:
        PublishError: If something there is no regular file, or no part of a SavedModel.
    """
    try:
        modes = {p.relative_to(folder).as_posix(): p.lstat().st_mode for p in folder.rglob("*")}
    except OSError as error:
        raise unreadable(folder, error) from error
    told = source or folder
    odd = [n for n, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))]
    if odd:
        raise _refused(told, "regular files and folders", f"{listing(odd)}, which is neither")
    names = sorted(name for name, mode in modes.items() if stat.S_ISREG(mode))
    if "saved_model.pb" not in names:
        raise _refused(told, "'saved_model.pb'", "none")
    if strange := [name for name in names if not _is_allowed(name)]:
        raise _refused(told, f"only {', '.join(ALLOWED)}", listing(strange))
    return names


def _is_allowed(name: str) -> bool:
    matches = any(fnmatch.fnmatchcase(name, pattern) for pattern in ALLOWED)
    return matches and _NAME.fullmatch(name) is not None


def write(folder: Path, target: IO[bytes]) -> dict[str, ReleaseFile]:
    """Packs a SavedModel.

    Names are sorted; times and owners are 0, modes 0644 and 0755; the gzip
    header has neither name nor time. So the bytes depend on the files' contents
    alone, as long as zlib compresses: a replacement such as zlib-ng may find
    another way to say the same.

    Args:
        folder: The SavedModel.
        target: Where to write.

    Returns:
        The files as they were packed, by path.

    Raises:
        PublishError: If the folder holds what does not belong there, or cannot be read.
        OSError: If the target cannot be written.
    """
    names = members(folder)
    folders = {str(p) for name in names for p in PurePosixPath(name).parents if str(p) != "."}
    packed = {}
    with (
        gzip.GzipFile("", "wb", _LEVEL, target, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted([*folders, *names]):
            header = tarfile.TarInfo(name)
            if name in folders:
                header.type, header.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(header)
                continue
            content = _content(folder / name)
            header.mode, header.size = 0o644, len(content)
            tar.addfile(header, io.BytesIO(content))
            sha256 = hashlib.sha256(content).hexdigest()
            packed[name] = ReleaseFile(sha256=sha256, size=len(content))
    return packed


def unpacked(archive: Path, folder: Path) -> dict[str, ReleaseFile]:
    """Unpacks an archive.

    Args:
        archive: The archive.
        folder: An empty folder.

    Returns:
        The files in it, by path.

    Raises:
        ExporterError: If it is none, or holds anything but the files of a SavedModel.
        OSError: If a file cannot be written.
    """
    unpack(archive, folder)
    return {name: file(folder / name) for name in members(folder, archive)}


def file(path: Path) -> ReleaseFile:
    """Describes a file."""
    return ReleaseFile(sha256=of_files([path]), size=path.stat().st_size)


def digest(files: Mapping[str, ReleaseFile]) -> str:
    """Computes what `digests.of_folder` gives for a folder of these files."""
    lines = (f"{files[n].sha256}  {n}\n".encode() for n in sorted(files, key=PurePosixPath))
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _content(path: Path) -> bytes:
    """Reads a file at once, so that it is packed as it is hashed; no link is followed to it."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()
    except OSError as error:
        raise unreadable(path, error) from error


def _refused(folder: Path, expected: str, found: str) -> PublishError:
    return PublishError(
        f"SavedModel '{folder}' is malformed: expected {expected}, found {found}."
        " Export it again, into a folder of its own."
    )


def unreadable(path: Path, error: OSError) -> PublishError:
    """Says that something cannot be read, and why."""
    return PublishError(f"'{path}' cannot be read: {reason(error)}. Check the path.")
