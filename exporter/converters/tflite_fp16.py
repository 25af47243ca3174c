"""A TFLite file with float16 weights; on a CPU it computes in float32."""

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
    making.target_spec.supported_types = [tf.float16]
    target.write_bytes(making.convert())
