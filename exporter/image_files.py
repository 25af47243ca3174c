"""Finds image files by a pattern. Nothing here may import TensorFlow."""

import glob
from itertools import takewhile
from pathlib import Path

from exporter.errors import InvalidArgumentError


def matching(pattern: str, flag: str = "images") -> tuple[Path, ...]:
    """Finds image files.

    Args:
        pattern: Such as `photos/*.jpg`; none are found with an empty one.
        flag: By which it was given.

    Returns:
        The files in sorted order.

    Raises:
        InvalidArgumentError: If there are none.
    """
    if not pattern:
        return ()
    found = sorted(Path(name) for name in glob.glob(str(Path(pattern).expanduser())))  # noqa: PTH207  (it may be absolute)
    files = tuple(path for path in found if path.is_file())
    if not files and any(path.is_dir() for path in found):
        raise InvalidArgumentError(
            f"Images '{pattern}' are no files: expected a pattern that matches files, found a"
            f" folder. Add what they are called, as in --{flag}='{pattern.rstrip('/')}/*.jpg'."
        )
    if not files:
        raise InvalidArgumentError(
            f"Images '{pattern}' are not there: expected files, found {_where(pattern)}. Quote the"
            f" pattern, as in --{flag}='photos/*.jpg'."
        )
    return files


def _where(pattern: str) -> str:
    """Says in which folder nothing was found, or which folder does not exist."""
    parts = Path(pattern).expanduser().absolute().parts
    fixed = list(takewhile(lambda part: not glob.has_magic(part), parts[:-1]))
    folder = Path(*fixed)
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    if there != folder:
        return f"no folder '{there / folder.relative_to(there).parts[0]}'"
    return f"none in folder '{folder}'"
