"""A TFLite file with int8 weights, whose activations are quantized as they come.

Depthwise convolutions stay float32: they have a tenth of a network's numbers at
most, and nearly all of what int8 weights lose.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.tflite.inner_end_points import layers
from exporter.converters.tflite.litert import float_model, opened, optimized_model

if TYPE_CHECKING:
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

__all__ = ["convert", "convert_naively", "layers", "opened"]


def convert(source: "SourceModel", target: Path, _: "ConvertRequest") -> None:
    """Writes the file."""
    from exporter.converters.tflite.quantizing import Int8Ops, heavy, ops_of, quantized

    model = float_model(source)
    ops = ops_of(model)
    target.write_bytes(quantized(model, ops, Int8Ops(dynamic=heavy(ops))))


def convert_naively(source: "SourceModel", target: Path, _: "ConvertRequest") -> None:
    """Writes what TensorFlow's converter makes when it is told to quantize and no more."""
    target.write_bytes(optimized_model(source))
