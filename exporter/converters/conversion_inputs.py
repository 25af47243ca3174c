"""What is given beside the model: images, calibration and labels, checked and read."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import FORMATS, Format
from exporter.digests import of_files
from exporter.errors import ConversionError, listing
from exporter.labels import labels_of, read_labels

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
    _check_tables(source, rows)
    _check_range(source, rows)
    eight_bits = [row.name for row in rows if row.eight_bits]
    if eight_bits and source.image_size and not request.image_files:
        raise ConversionError(
            f"Format '{eight_bits[0]}' lacks images to be judged on: expected some that look like"
            " those the model will see, found none. Add --images='FOLDER/*.jpg'."
        )
    for row in (row for row in rows if row.calibrated):
        _check_calibration(source, row, request)
    if any(row.labelled for row in rows):
        class_names(source, request)


def check_labelled(rows: Sequence[Format]) -> None:
    """Refuses labels that no format takes.

    Raises:
        ConversionError: If none does.
    """
    if not any(row.labelled for row in rows):
        able = listing(row.name for row in FORMATS.values() if row.labelled)
        raise ConversionError(
            f"Labels were given, which no format takes: expected {able} among --format, found"
            f" {listing(row.name for row in rows)}. Add it, or leave out --labels."
        )


def _check_tables(source: "SourceModel", rows: Sequence[Format]) -> None:
    """Refuses lookup tables: what fills them is no part of a function that is converted."""
    if source.lookups:
        raise ConversionError(
            f"SavedModel '{source.folder}' looks values up in tables, which {_formats(rows)} cannot"
            f" hold: expected variables and constants alone, found {listing(source.lookups)}."
            " Convert a signature that takes what the tables give."
        )


def _check_range(source: "SourceModel", rows: Sequence[Format]) -> None:
    """Refuses formats that would be wrong, and look right, if images had other values."""
    ranged = [row.name for row in rows if row.ranged]
    if ranged and source.image_size and source.known_range is None:
        raise ConversionError(
            f"Format '{ranged[0]}' lacks the range of images: expected their least and largest"
            f" value, since '{source.folder}' does not say which it takes, found none. Add"
            " --input_range=0,255, or -1,1 or 0,1, as it was trained."
        )


def _formats(rows: Sequence[Format]) -> str:
    names = listing(row.name for row in rows)
    return f"format {names}" if len(rows) == 1 else f"formats {names}"


def _check_calibration(source: "SourceModel", row: Format, request: ConvertRequest) -> None:
    if source.image_size is None:
        raise ConversionError(
            f"SavedModel '{source.folder}' cannot be calibrated: expected one input of float32"
            f" [batch, height, width, 3], found {', '.join(source.inputs)}. Leave {row.name} out."
        )
    if source.spec.any_size:
        raise ConversionError(
            f"Format '{row.name}' lacks a size of images: expected the one that the network was"
            f" trained at, since '{source.folder}' takes any, and ranges depend on it. Add"
            " --image_size."
        )
    if not request.calibration_files:
        raise ConversionError(
            f"Format '{row.name}' lacks calibration images: expected some that look like those"
            " the model will see, found none. Add --calibration='FOLDER/*.jpg'."
        )


def remarks(
    source: "SourceModel", rows: Sequence[Format], request: ConvertRequest
) -> Iterator[str]:
    """Says what is allowed but makes int8 worse, or a report better than it is.

    Args:
        source: The SavedModel's function.
        rows: The formats.
        request: With images and calibration.

    Yields:
        A sentence each.
    """
    images, calibration = request.image_files, request.calibration_files
    if images or (source.image_size and any(row.ranged for row in rows)):
        told = source.spec.input_range.told(f"SavedModel '{source.folder}'")
        yield from filter(None, [told])
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


def class_names(source: "SourceModel", request: ConvertRequest) -> list[str]:
    """Reads the names of a classifier's classes: those that are given, else the model's own.

    Args:
        source: The SavedModel's function, whose output has a value for each class.
        request: With labels, or without.

    Returns:
        The names in the order of the classes; none if there are none.

    Raises:
        InvalidArgumentError: If they cannot be read, or are not as many as the classes.
    """
    path = request.labels or labels_of(source.folder)
    if path is None or (request.labels is None and len(source.outputs) != 1):
        return []
    output, spec = next(iter(source.outputs.items()))
    single = len(source.outputs) == 1 and spec.shape.rank
    return read_labels(path, spec.shape[-1] if single else None, f"values in '{output}'")
