"""Digests of files and folders, and the proof that they held while something was read."""

import hashlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import ExporterError, listing, reason

if TYPE_CHECKING:
    import numpy as np


def of_files(paths: Iterable[Path], algorithm: str = "sha256") -> str:
    """Computes one digest over files, in the order given.

    Args:
        paths: Files to read; their names do not count.
        algorithm: Which, by its name in `hashlib`.

    Returns:
        Hexadecimal digits, 64 of SHA-256.
    """
    digest = hashlib.new(algorithm)
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)  # goes on with the one that is there
    return digest.hexdigest()


def algorithm_of(digest: str) -> str:
    """Names the algorithm that a published digest is of, which its length tells."""
    return {64: "sha256", 96: "sha384"}[len(digest)]


def of_folder(folder: Path, without: Container[str] = ()) -> str:
    """Computes one SHA-256 over the names and contents of all files in a folder.

    Args:
        folder: Where to look, at any depth.
        without: Names of files that do not count.

    Returns:
        64 hexadecimal digits; the same for folders that `diff -r` finds equal,
        empty folders and folders that are links aside.
    """
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    for path in sorted(files):
        digest.update(_line(of_files([path]), path.relative_to(folder).as_posix()))
    return digest.hexdigest()


def _line(digest: str, name: str) -> bytes:
    """Writes a line as sha256sum does, where a name cannot pass for two lines."""
    if "\n" in name:
        digest, name = f"\\{digest}", name.replace("\\", "\\\\").replace("\n", "\\n")
    return os.fsencode(f"{digest}  {name}\n")


def of_values(values: Mapping[str, "np.ndarray"]) -> str:
    """Computes one SHA-256 over the names, dtypes, shapes and bytes of arrays.

    Args:
        values: By name; their order does not count.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, value in sorted(values.items()):
        digest.update(f"{name} {value.dtype.str} {list(value.shape)}\n".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


@contextmanager
def unchanged_folder(
    folder: Path, refusal: type[ExporterError], subject: str = "", expected: str | None = None
) -> Iterator[str]:
    """Proves that a folder stays as it is while it is read.

    Args:
        folder: Where to look, at any depth.
        refusal: What the stage that asks refuses with.
        subject: What the folder is in sentences; a SavedModel by default.
        expected: Its digest, where that is known already.

    Yields:
        The digest of the folder, as `of_folder` computes it.

    Raises:
        ExporterError: The refusal, if the folder cannot be read, or is not the same afterwards.
    """
    subject = subject or f"SavedModel '{folder}'"

    def look() -> tuple[str, object]:
        paths = [folder, *folder.rglob("*")]
        if unseen := [str(path) for path in paths[1:] if _is_unseen(path)]:
            raise refusal(
                f"{subject} holds what no digest tells of: expected files, found links to folders,"
                f" pipes or devices, {listing(unseen)}. Copy it with 'cp -rL'."
            )
        # Before the contents, so that what is replaced in between is seen the next time.
        identities = _identities(paths)
        return of_folder(folder), identities

    with _unchanged(look, refusal, subject, expected) as digest:
        yield digest


def _is_unseen(path: Path) -> bool:
    """Says whether there is something to read behind a path that is no file of its folder."""
    if path.is_symlink() and path.is_dir():
        return True
    return path.exists() and not path.is_dir() and not path.is_file()


@contextmanager
def unchanged_files(
    paths: Sequence[Path], refusal: type[ExporterError], subject: str, expected: str | None = None
) -> Iterator[str]:
    """Proves that files stay as they are while they are read.

    Args:
        paths: The files, in the order in which `of_files` takes them.
        refusal: What the stage that asks refuses with.
        subject: What the files are in sentences.
        expected: Their digest, where that is known already.

    Yields:
        The digest of the files, as `of_files` computes it.

    Raises:
        ExporterError: The refusal, if they cannot be read, or are not the same afterwards.
    """

    def look() -> tuple[str, object]:
        identities = _identities(paths)
        return of_files(paths), identities

    with _unchanged(look, refusal, subject, expected) as digest:
        yield digest


@contextmanager
def _unchanged(
    look: Callable[[], tuple[str, object]],
    refusal: type[ExporterError],
    subject: str,
    expected: str | None,
) -> Iterator[str]:
    def seen() -> tuple[str, object]:
        try:
            return look()
        except OSError as error:
            raise refusal(
                f"{subject} cannot be read: {reason(error)}. Change its permissions, or copy it."
            ) from error

    before = seen()
    if expected is not None and before[0] != expected:
        raise _changed(subject, expected, before[0], refusal)
    yield before[0]
    after = seen()
    if after != before:
        raise _changed(subject, before[0], after[0], refusal)


def _identities(paths: Iterable[Path]) -> dict[Path, tuple[int, ...]]:
    """Tells files that were replaced by others, even where the first are back in their place."""
    found = {}
    for path in sorted(paths):
        stats = [path.lstat(), *([path.stat()] if path.exists() else [])]
        found[path] = tuple(n for s in stats for n in (s.st_dev, s.st_ino, s.st_ctime_ns))
    return found


def _changed(
    subject: str, expected: str, found: str, refusal: type[ExporterError]
) -> ExporterError:
    seen = found if found != expected else "the same in files that were replaced meanwhile"
    return refusal(
        f"{subject} changed while it was read: expected sha256 {expected}, found {seen}. Try again"
        " when nothing writes there."
    )
