"""Recognizes pointers of Git LFS, which lie in place of large files that were not fetched."""

import stat
from pathlib import Path

# As its specification has them: text that begins so, and is shorter than 1024 bytes.
_BEGINNING = b"version https://git-lfs.github.com/spec/"
_SIZE = 1024

# Ends a sentence whose subject is the file.
IS_POINTER = (
    "is a pointer of Git LFS: expected the file itself, found 'version https://git-lfs...'. Run:"
    " git lfs pull."
)


def is_pointer(path: Path) -> bool:
    """Says whether a file is a pointer; not of what cannot be read, which has other reasons."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size >= _SIZE:
            return False  # also a pipe, which would be waited for
        with path.open("rb") as file:
            return is_pointer_text(file.read(_SIZE))
    except OSError:
        return False


def is_pointer_text(content: bytes) -> bool:
    """Says whether a file's content is a pointer."""
    return len(content) < _SIZE and content.startswith(_BEGINNING)
