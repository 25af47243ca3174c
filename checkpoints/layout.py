"""Where a checkpoint lies on disk."""

import re
from pathlib import Path

from checkpoints.git_lfs import IS_POINTER, is_pointer
from checkpoints.state_file import STATE_FILE, noted_path

_MAX_LISTED = 5
# Of a published archive: the moving averages, under the variables' own names.
AVERAGES_FOLDER = "ema"

_NUMBERS = re.compile(r"(\d+)")
_PART = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")


class CheckpointError(ValueError):
    """A checkpoint that is not there or cannot be read."""


def find_prefix(path: Path) -> Path:
    """Finds the one checkpoint that a path stands for.

    Args:
        path: A prefix, a `checkpoint` file, or a folder that holds such a file
            or exactly one prefix.

    Returns:
        The prefix; its index and data files exist.

    Raises:
        CheckpointError: If there is none, more than one, or a part is missing or a pointer.
    """
    if not _index(path).is_file():
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
    if not _index(path).is_file():
        raise _missing(path, "is no checkpoint" if path.exists() else "does not exist")
    if not data_files(path):
        raise CheckpointError(
            f"Checkpoint '{path}' is incomplete: expected '{path.name}.data-00000-of-00001'"
            " beside its index, found none. Copy all files of the checkpoint."
        )
    _check_fetched(_index(path), *data_files(path))
    return path


def data_files(prefix: Path) -> list[Path]:
    """Lists the data files of a checkpoint in their order."""
    start = f"{prefix.name}.data-"
    return sorted(file for file in prefix.parent.iterdir() if file.name.startswith(start))


def _index(prefix: Path) -> Path:
    return Path(f"{prefix}.index")


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
    found = next((end for end in ends if _index(end).is_file()), None)
    if found is None:
        raise _missing(ends[-1], f"does not exist, though '{state}' notes it")
    return found


def _check_fetched(*parts: Path) -> None:
    for part in filter(is_pointer, parts):
        raise CheckpointError(f"File '{part}' of a checkpoint {IS_POINTER}")


def _missing(path: Path, wrong: str) -> CheckpointError:
    return CheckpointError(
        f"Checkpoint '{path}' {wrong}: expected a prefix, beside which lies '{path.name}.index', a"
        " folder with one checkpoint, a .tgz archive, 'published' or 'seeded:N', found"
        f" {_listed(_prefixes(path.parent))} in its folder. Check --checkpoint."
    )


def _prefixes(folder: Path) -> list[str]:
    """Names the checkpoints of a folder, step 9 before step 10."""
    names = (file.name.removesuffix(".index") for file in folder.glob("*.index"))
    return sorted(
        names, key=lambda name: [(p.isdigit(), p.zfill(20)) for p in _NUMBERS.split(name)]
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more if names else "none"
