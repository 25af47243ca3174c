"""Where a checkpoint lies on disk."""

import os
import re
from contextlib import suppress
from pathlib import Path

from checkpoints.git_lfs import IS_POINTER, is_pointer
from checkpoints.state_file import STATE_FILE, noted_path

_MAX_LISTED = 5
# Of a published archive: the moving averages, under the variables' own names.
AVERAGES_FOLDER = "ema"

# The last bytes of a table of TensorFlow's: of an index, and of a checkpoint that is one file, as
# TensorFlow wrote them before 1.0.
_TABLE_END = bytes.fromhex("57fb808b247547db")

_NUMBERS = re.compile(r"(\d+)")
_PART = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")


class CheckpointError(ValueError):
    """A checkpoint that is not there or cannot be read."""


def find_prefix(path: Path) -> Path:
    """Finds the one checkpoint that a path stands for.

    Args:
        path: A prefix, a checkpoint that is one file, a `checkpoint` file, or a folder that holds
            such a file or exactly one checkpoint.

    Returns:
        The prefix, whose index and data files exist, or the one file.

    Raises:
        CheckpointError: If there is none, more than one, or a part is missing or a pointer.
    """
    if not _is_there(path):
        if path.is_dir():
            path = _prefix_in(path)
        elif path.name == STATE_FILE and path.is_file():
            path = _noted_in(path)
    if re.search(r"[*?\[\]]", str(path)):
        raise CheckpointError(
            f"Checkpoint '{path}' cannot be used: expected a path without * ? [ ], which TensorFlow"
            " takes for patterns. Rename or copy it."
        )
    if _PART.search(path.name) and path.exists():
        raise CheckpointError(
            f"Checkpoint '{path}' is one file of a checkpoint: expected its prefix."
            f" Use --checkpoint={_PART.sub('', str(path))}."
        )
    if not _is_there(path):
        raise _missing(path, "is no checkpoint" if path.exists() else "does not exist")
    if _index(path).is_file() and not _data_files(path):
        raise CheckpointError(
            f"Checkpoint '{path}' is incomplete: expected '{path.name}.data-00000-of-00001'"
            " beside its index, found none. Copy all files of the checkpoint."
        )
    _check_fetched(*files_of(path))
    return path


def files_of(prefix: Path) -> list[Path]:
    """Lists the files of a checkpoint: its index and data files in their order, or its only one."""
    index = _index(prefix)
    return [index, *_data_files(prefix)] if index.is_file() else [prefix]


def folders_with_checkpoints(root: Path) -> set[Path]:
    """Finds the folders with checkpoints, at any depth."""
    return {path for path in (root, *root.rglob("*")) if path.is_dir() and _prefixes(path)}


def _data_files(prefix: Path) -> list[Path]:
    start = f"{prefix.name}.data-"
    return sorted(file for file in prefix.parent.iterdir() if file.name.startswith(start))


def _index(prefix: Path) -> Path:
    return Path(f"{prefix}.index")


def _is_there(prefix: Path) -> bool:
    return _index(prefix).is_file() or _is_single_file(prefix)


def _is_single_file(path: Path) -> bool:
    """Says whether a file is a whole checkpoint; one that is cut off is not."""
    if _PART.search(path.name) or not path.is_file() or path.stat().st_size < len(_TABLE_END):
        return False
    with path.open("rb") as file:
        file.seek(-len(_TABLE_END), os.SEEK_END)
        return file.read() == _TABLE_END


def _prefix_in(folder: Path) -> Path:
    state = folder / STATE_FILE
    if state.is_file():
        return _noted_in(state)
    held = _prefixes(folder)
    if len(held) != 1:
        raise CheckpointError(
            f"Folder '{folder}' does not hold exactly one checkpoint: expected a 'checkpoint'"
            f" file or one '*.index', found {_listed(held)}. Give the prefix itself."
        )
    return folder / held[0]


def _noted_in(state: Path) -> Path:
    """Finds what a state file notes, often by its path on the machine that trained it.

    Only its own folder is meant: there lies the longest end of the path that exists.
    """
    _check_fetched(state)
    noted = noted_path(state)
    if not noted:
        raise CheckpointError(
            f"File '{state}' is not a checkpoint state: expected a line"
            " 'model_checkpoint_path: \"...\"', found none. Give the prefix itself."
        )
    ends = [state.parent.joinpath(*noted[first:]) for first in range(len(noted))]
    found = next((end for end in ends if _is_there(end)), None)
    if found is None:
        raise _missing(ends[-1], f"does not exist, though '{state}' notes it")
    return found


def _check_fetched(*parts: Path) -> None:
    for part in parts:
        if not part.is_file():
            raise CheckpointError(
                f"File '{part}' of a checkpoint cannot be read: expected a file, found a folder, a"
                " pipe or a link to nothing. Copy all files of the checkpoint."
            )
        if is_pointer(part):
            raise CheckpointError(f"File '{part}' of a checkpoint {IS_POINTER}")


def _missing(path: Path, wrong: str) -> CheckpointError:
    folder = path.parent
    beside = (
        f"{_listed(_prefixes(folder))} in its folder"
        if folder.is_dir()
        else f"no folder '{folder}'"
    )
    return CheckpointError(
        f"Checkpoint '{path}' {wrong}: expected a prefix, beside which lies '{path.name}.index', a"
        " checkpoint of one file, a folder with one checkpoint, a .tgz archive, 'published' or"
        f" 'seeded:N', found {beside}. Check --checkpoint."
    )


def _prefixes(folder: Path) -> list[str]:
    """Names the checkpoints of a folder, step 9 before step 10."""
    names = {file.name.removesuffix(".index") for file in folder.glob("*.index")}
    for file in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):  # of a file that is nobody's business here
            names |= {file.name} if _is_single_file(file) else set()
    return sorted(
        names, key=lambda name: [(p.isdigit(), p.zfill(20)) for p in _NUMBERS.split(name)]
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more if names else "none"
