"""A TFLite file with float16 weights; on a CPU it computes in float32."""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.tflite.litert import opened, optimized_model

if TYPE_CHECKING:
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

__all__ = ["convert", "opened"]


def convert(source: "SourceModel", target: Path, _: "ConvertRequest") -> None:
    """Writes the file."""
    target.write_bytes(optimized_model(source, float16=True))
