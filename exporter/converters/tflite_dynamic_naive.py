"""What TensorFlow's converter makes of a model when it is told to quantize and no more."""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.formats import Options
from exporter.converters.tflite import converter, opened

if TYPE_CHECKING:
    from exporter.converters.source import Source

__all__ = ["convert", "opened"]


def convert(source: "Source", target: Path, _: Options) -> None:
    """Writes the file."""
    import tensorflow as tf

    making = converter(source)
    making.optimizations = [tf.lite.Optimize.DEFAULT]
    target.write_bytes(making.convert())
