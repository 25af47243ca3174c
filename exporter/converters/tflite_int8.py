"""A TFLite file in int8, as far as that keeps what the network says.

Calibrated as it stands, MobileNet V3 is ruined: a few tensors have ranges so wide
that 256 steps are too coarse for most of what they hold. So ops are tried one by
one, and those that harm most keep float32 activations, convolutions among them int8
weights, until the outputs point where the original's do. If that is not enough, the
convolutions that harm most stay float32 as a whole.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.calibration import calibration_images
from exporter.converters.formats import Options
from exporter.converters.tflite import float_model, opened
from exporter.converters.tflite_layers import layers

if TYPE_CHECKING:
    from exporter.converters.source import Source

__all__ = ["convert", "layers", "opened"]


def convert(source: "Source", target: Path, options: Options) -> None:
    """Writes the file.

    Raises:
        ConversionError: If there are no calibration images, or the model takes none.
    """
    from exporter.converters.quantizing import ops_of, quantized, ranges_of
    from exporter.converters.selection import selection

    images = calibration_images(source, options.calibration)
    model = float_model(source)
    choice = selection(source, images)
    (name,) = source.inputs
    ranges = ranges_of(model, images, name)
    target.write_bytes(quantized(model, ops_of(model), choice, ranges))
