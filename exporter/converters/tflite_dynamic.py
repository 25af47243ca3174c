"""A TFLite file with int8 weights, whose activations are quantized as they come.

Depthwise convolutions stay float32: they have a tenth of a network's numbers at
most, and nearly all of what int8 weights lose.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.formats import Options
from exporter.converters.tflite import float_model, opened
from exporter.converters.tflite_layers import layers

if TYPE_CHECKING:
    from exporter.converters.source import Source

__all__ = ["convert", "layers", "opened"]


def convert(source: "Source", target: Path, _: Options) -> None:
    """Writes the file."""
    from exporter.converters.quantizing import Choice, heavy, ops_of, quantized

    model = float_model(source)
    ops = ops_of(model)
    target.write_bytes(quantized(model, ops, Choice(dynamic=heavy(ops))))
