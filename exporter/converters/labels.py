"""Reads the names of a classifier's classes."""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import ConversionError, reason

if TYPE_CHECKING:
    from exporter.converters.source import Source


def labels_of(source: "Source", path: Path) -> list[str]:
    """Reads a text file with a name a line.

    Args:
        source: The SavedModel's function, whose output has a value for each class.
        path: The file, in UTF-8.

    Returns:
        The names in the order of the classes.

    Raises:
        ConversionError: If it cannot be read, or has another number of lines.
    """
    try:
        names = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConversionError(
            f"Labels '{path}' cannot be read: expected text with a class a line, found"
            f" {reason(error)}. Correct --labels."
        ) from error
    output, spec = next(iter(source.outputs.items()))
    classes = spec.shape[-1] if spec.shape.rank else None
    if len(source.outputs) != 1 or len(names) != classes:
        raise ConversionError(
            f"Labels '{path}' do not fit SavedModel '{source.folder}': expected {classes} lines, as"
            f" many as '{output}' has values, found {len(names)}. Correct --labels, or leave it"
            " out."
        )
    return names
