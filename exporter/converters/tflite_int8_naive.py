"""What TensorFlow's converter makes of a model and a calibration set: everything in int8."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exporter.converters.calibration import calibration_images
from exporter.converters.formats import Options
from exporter.converters.tflite import converter, opened

if TYPE_CHECKING:
    from exporter.converters.source import Source

__all__ = ["convert", "opened"]


def convert(source: "Source", target: Path, options: Options) -> None:
    """Writes the file."""
    import tensorflow as tf

    images = calibration_images(source, options.calibration)

    def batches() -> Iterator[list[np.ndarray]]:
        for image in images:
            yield [image[None]]

    making = converter(source)
    making.optimizations = [tf.lite.Optimize.DEFAULT]
    making.representative_dataset = batches
    target.write_bytes(making.convert())
