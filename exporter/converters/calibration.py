"""Reads the images from which int8 ranges are taken."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import ConversionError

if TYPE_CHECKING:
    import numpy as np

    from exporter.converters.source import Source


def calibration_images(source: "Source", files: Sequence[Path]) -> "np.ndarray":
    """Reads calibration images as the model wants them.

    Args:
        source: The SavedModel's function.
        files: The user's images.

    Returns:
        float32 `[number of files, height, width, 3]` in [0, 1].

    Raises:
        ConversionError: If there are none, or the model does not take images.
        InvalidArgumentError: If one is no image.
    """
    from exporter.photos import read

    images: np.ndarray = read(files, check_calibration(source, files))
    return images


def check_calibration(source: "Source", files: Sequence[Path]) -> tuple[int, int]:
    """Refuses what nothing can be calibrated with.

    Args:
        source: The SavedModel's function.
        files: The user's images.

    Returns:
        Height and width of the model's images in pixels.

    Raises:
        ConversionError: If there are none, or the model does not take images.
    """
    size = source.model.spec_of(source.way).image_size
    if size is None:
        raise ConversionError(
            f"SavedModel '{source.folder}' cannot be calibrated: expected one input of float32"
            f" [batch, height, width, 3], found {', '.join(source.inputs)}. Leave tflite_int8 out."
        )
    if not files:
        raise ConversionError(
            "Format 'tflite_int8' lacks calibration images: expected some that look like those"
            " the model will see, found none. Add --calibration='FOLDER/*.jpg'."
        )
    return size
