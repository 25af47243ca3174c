"""Where a checkpoint lies on disk, and how its variables are called."""

import re
from collections.abc import Collection
from pathlib import Path

# What tf.train.ExponentialMovingAverage appends to a variable's name.
MOVING_AVERAGE_SUFFIX = "/ExponentialMovingAverage"
# Of a published archive: the moving averages, under the variables' own names.
AVERAGES_FOLDER = "ema"

_STATE = re.compile(r"""^model_checkpoint_path:\s*(["'])(.+)\1\s*$""", re.MULTILINE)
_PART = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")


class CheckpointError(ValueError):
    """A checkpoint that is not there or cannot be read."""


def find_prefix(path: Path) -> Path:
    """Finds the one checkpoint that a path stands for.

    Args:
        path: A prefix, or a folder that holds a `checkpoint` file or exactly
            one prefix.

    Returns:
        The prefix; its index and data files exist.

    Raises:
        CheckpointError: If there is none, more than one, or a part is missing.
    """
    if path.is_dir() and not path.with_name(f"{path.name}.index").is_file():
        path = _prefix_in(path)
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
    if not path.with_name(f"{path.name}.index").is_file():
        raise CheckpointError(
            f"Checkpoint '{path}' does not exist: expected a prefix, beside which lies"
            f" '{path.name}.index', a folder with one checkpoint, a .tgz archive, 'published' or"
            " 'seeded:N'. Check --checkpoint."
        )
    if not data_files(path):
        raise CheckpointError(
            f"Checkpoint '{path}' is incomplete: expected '{path.name}.data-00000-of-00001'"
            " beside its index, found none. Copy all files of the checkpoint."
        )
    return path


def data_files(prefix: Path) -> list[Path]:
    """Lists the data files of a checkpoint in their order."""
    start = f"{prefix.name}.data-"
    return sorted(file for file in prefix.parent.iterdir() if file.name.startswith(start))


def _prefix_in(folder: Path) -> Path:
    state = folder / "checkpoint"
    if state.is_file():
        found = _STATE.search(state.read_text(errors="replace"))
        name = Path(found[2]).name if found else ""
        if not name:
            raise CheckpointError(
                f"File '{state}' is not a checkpoint state: expected a line"
                " 'model_checkpoint_path: \"...\"', found none. Give the prefix itself."
            )
        # Often a path of the machine that trained it; only this folder is meant.
        return folder / name
    prefixes = sorted(file.with_suffix("") for file in folder.glob("*.index"))
    if len(prefixes) != 1:
        names = ", ".join(prefix.name for prefix in prefixes[:5]) or "none"
        raise CheckpointError(
            f"Folder '{folder}' does not hold exactly one checkpoint: expected a 'checkpoint'"
            f" file or one '*.index', found {names}. Give the prefix itself."
        )
    return prefixes[0]


def stored_names(
    wanted: Collection[str], stored: Collection[str], *, use_moving_averages: bool
) -> dict[str, str]:
    """Chooses the tensor of a checkpoint for every variable.

    Args:
        wanted: Names of the network's variables.
        stored: Names in the checkpoint.
        use_moving_averages: Whether a variable's `/ExponentialMovingAverage`
            shadow goes before the variable itself.

    Returns:
        For every wanted name, the shadow's where there is one, else its own.
    """
    shadows = set(stored) if use_moving_averages else set()
    return {
        name: shadow if (shadow := name + MOVING_AVERAGE_SUFFIX) in shadows else name
        for name in wanted
    }
