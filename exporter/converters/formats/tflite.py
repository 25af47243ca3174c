"""A float32 TFLite file, batch norm folded, run by LiteRT."""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.tflite.litert import float_model, opened

if TYPE_CHECKING:
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

__all__ = ["convert", "opened"]


def convert(source: "SourceModel", target: Path, _: "ConvertRequest") -> None:
    """Writes the file; its signature has the names of the SavedModel's."""
    target.write_bytes(float_model(source))
