"""Checks what was given for a conversion before anything is converted."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.calibration import check_calibration
from exporter.converters.formats import FORMATS, Format, Options
from exporter.converters.labels import labels_of
from exporter.digests import of_files
from exporter.errors import ConversionError, listing

if TYPE_CHECKING:
    from exporter.converters.source import Source

# Ranges from fewer do not reach what other images will.
_FEW = 3


def check_given(
    source: "Source", rows: Sequence[Format], options: Options, images: Sequence[Path]
) -> None:
    """Refuses what would fail only after minutes.

    Args:
        source: The SavedModel's function.
        rows: The formats.
        options: What they are made with.
        images: Files to compare on.

    Raises:
        ConversionError: If something does not fit the model or the formats, or is missing.
    """
    takes_images = source.model.spec_of(source.way).image_size is not None
    if images and not takes_images:
        raise ConversionError(
            f"Images were given for '{source.folder}', which takes none: expected one input float32"
            " [batch, height, width, 3]. Leave out --images."
        )
    eight_bits = [row.name for row in rows if row.inside]
    if eight_bits and takes_images and not images:
        raise ConversionError(
            f"Format '{eight_bits[0]}' lacks images to be judged on: expected some that look like"
            " those the model will see, found none. Add --images='FOLDER/*.jpg'."
        )
    if any(row.calibrated for row in rows):
        check_calibration(source, options.calibration)
    if options.labels is not None:
        if not any(row.labelled for row in rows):
            able = listing(row.name for row in FORMATS.values() if row.labelled)
            raise ConversionError(
                f"Labels were given, which no format takes: expected {able} among --format, found"
                f" {listing(row.name for row in rows)}. Add it, or leave out --labels."
            )
        labels_of(source, options.labels)


def remarks(rows: Iterable[Format], options: Options, images: Sequence[Path]) -> list[str]:
    """Says what is allowed but makes int8 worse, or its report better than it is.

    Args:
        rows: The formats.
        options: What they are made with.
        images: Files to compare on.

    Returns:
        A sentence each.
    """
    files = options.calibration
    if not any(row.calibrated for row in rows):
        return []
    found = []
    if len(files) < _FEW:
        found.append(
            f"Calibration has fewer than {_FEW} images: ranges from few do not reach what other"
            " images will. Give more by --calibration."
        )
    known = {of_files([path]) for path in files}
    if both := [path.name for path in images if of_files([path]) in known]:
        found.append(
            f"Calibration has images that are judged on too: {listing(both)}. What the report says"
            " of them is better than of others."
        )
    return found
