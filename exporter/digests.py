"""Digests of files and folders."""

import hashlib
from collections.abc import Container, Iterable
from pathlib import Path


def of_files(paths: Iterable[Path]) -> str:
    """Computes one SHA-256 over files, in the order given.

    Args:
        paths: Files to read; their names do not count.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)  # goes on with the one that is there
    return digest.hexdigest()


def of_folder(folder: Path, without: Container[str] = ()) -> str:
    """Computes one SHA-256 over the names and contents of all files in a folder.

    Args:
        folder: Where to look, at any depth.
        without: Names of files that do not count.

    Returns:
        64 hexadecimal digits; the same for folders that `diff -r` finds equal,
        empty folders aside.
    """
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    for path in sorted(files):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{of_files([path])}  {name}\n".encode())
    return digest.hexdigest()
