"""The names of a classifier's classes, a text file with one a line; a model may bring it along."""

from collections.abc import Sequence
from pathlib import Path

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.errors import InvalidArgumentError, reason

# In a SavedModel.
ASSETS = "assets"
_FILE = "labels.txt"


def read_labels(path: Path, classes: int | None, counted: str) -> list[str]:
    """Reads the names of classes.

    Args:
        path: Text in UTF-8 with a name a line.
        classes: How many there are.
        counted: What there are so many of, for the message.

    Returns:
        The names in the order of the classes.

    Raises:
        InvalidArgumentError: If it cannot be read, or has another number of lines.
    """
    if is_pointer(path):
        raise InvalidArgumentError(f"Labels '{path}' {IS_POINTER}")
    try:
        # Of Windows' editors, which put a mark first that is no part of a name.
        names = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(
            f"Labels '{path}' cannot be read: expected text with a class a line, found"
            f" {reason(error)}. Correct --labels."
        ) from error
    if len(names) != classes:
        raise InvalidArgumentError(
            f"Labels '{path}' do not fit the model: expected {classes} lines, as many as it has"
            f" {counted}, found {len(names)}. Correct --labels, or leave it out."
        )
    return names


def write_labels(labels: Sequence[str], folder: Path) -> Path:
    """Writes the names of classes as `read_labels` reads them; returns the file."""
    path = folder / _FILE
    path.write_bytes("".join(f"{label}\n" for label in labels).encode())
    return path


def labels_of(model_dir: Path) -> Path | None:
    """Returns the file of labels that a SavedModel brings along, as one of ours does."""
    path = model_dir / ASSETS / _FILE
    return path if path.is_file() else None
