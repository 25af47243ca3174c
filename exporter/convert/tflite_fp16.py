"""A TFLite file with float16 weights; on a CPU it computes in float32."""

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
    making.target_spec.supported_types = [tf.float16]
    target.write_bytes(making.convert())
