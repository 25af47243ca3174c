"""What is given beside the model: images, calibration and labels, checked and read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import Format
from exporter.digests import of_files
from exporter.errors import ConversionError, listing, reason

if TYPE_CHECKING:
    from exporter.converters.source_model import SourceModel

# Ranges from fewer do not reach what other images will.
_FEW = 3


def check_inputs(source: "SourceModel", rows: Sequence[Format], request: ConvertRequest) -> None:
    """Refuses what would fail only after minutes.

    Args:
        source: The SavedModel's function.
        rows: The formats.
        request: With images, calibration and labels.

    Raises:
        ConversionError: If something does not fit the model or the formats, or is missing.
    """
    if request.image_files and source.image_size is None:
        raise ConversionError(
            f"Images were given for '{source.folder}', which takes none: expected one input float32"
            " [batch, height, width, 3]. Leave out --images."
        )
    eight_bits = [row.name for row in rows if row.eight_bits]
    if eight_bits and source.image_size and not request.image_files:
        raise ConversionError(
            f"Format '{eight_bits[0]}' lacks images to be judged on: expected some that look like"
            " those the model will see, found none. Add --images='FOLDER/*.jpg'."
        )
    for row in (row for row in rows if row.calibrated):
        _check_calibration(source, row, request)
    if request.labels is not None:
        labels_of(source, request.labels)


def _check_calibration(source: "SourceModel", row: Format, request: ConvertRequest) -> None:
    if source.image_size is None:
        raise ConversionError(
            f"SavedModel '{source.folder}' cannot be calibrated: expected one input of float32"
            f" [batch, height, width, 3], found {', '.join(source.inputs)}. Leave {row.name} out."
        )
    if not request.calibration_files:
        raise ConversionError(
            f"Format '{row.name}' lacks calibration images: expected some that look like those"
            " the model will see, found none. Add --calibration='FOLDER/*.jpg'."
        )


def remarks(rows: Sequence[Format], request: ConvertRequest) -> Iterator[str]:
    """Says what is allowed but makes int8 worse, or its report better than it is.

    Args:
        rows: The formats.
        request: With images and calibration.

    Yields:
        A sentence each.
    """
    images, calibration = request.image_files, request.calibration_files
    if not any(row.calibrated for row in rows):
        return
    if len(calibration) < _FEW:
        yield (
            f"Calibration has fewer than {_FEW} images: ranges from few do not reach what other"
            " images will. Give more by --calibration."
        )
    known = {of_files([path]) for path in calibration}
    if both := [path.name for path in images if of_files([path]) in known]:
        yield (
            f"Calibration has images that are judged on too: {listing(both)}. What the report says"
            " of them is better than of others."
        )


def labels_of(source: "SourceModel", path: Path) -> list[str]:
    """Reads the names of a classifier's classes, a text file with a name a line.

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
