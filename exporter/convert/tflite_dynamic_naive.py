"""What TensorFlow's converter makes of a model when it is told to quantize and no more."""

from pathlib import Path

import tensorflow as tf

from exporter.convert.formats import Options
from exporter.convert.source import Source
from exporter.convert.tflite import converter, opened

__all__ = ["convert", "opened"]


def convert(source: Source, target: Path, _: Options) -> None:
    """Writes the file."""
    making = converter(source)
    making.optimizations = [tf.lite.Optimize.DEFAULT]
    target.write_bytes(making.convert())
