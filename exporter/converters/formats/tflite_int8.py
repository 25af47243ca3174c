"""A TFLite file in int8, as far as that keeps what the network says.

Calibrated as it stands, MobileNet V3 is ruined: a few tensors have ranges so wide
that 256 steps are too coarse for most of what they hold. So ops are tried one by
one, and those that harm most keep float32 activations, convolutions among them int8
weights, until the outputs point where the original's do. If that is not enough, the
convolutions that harm most stay float32 as a whole.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.tflite.inner_end_points import layers
from exporter.converters.tflite.litert import float_model, opened, optimized_model

if TYPE_CHECKING:
    import numpy as np

    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

__all__ = ["convert", "convert_naively", "layers", "opened"]


def convert(source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
    """Writes the file."""
    from exporter.converters.tflite.int8_selection import selection
    from exporter.converters.tflite.quantizing import ops_of, quantized, ranges_of

    images = _calibration(source, request)
    model = float_model(source)
    chosen = selection(source, images)
    (name,) = source.inputs
    ranges = ranges_of(model, images, name)
    target.write_bytes(quantized(model, ops_of(model), chosen, ranges))


def convert_naively(source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
    """Writes what TensorFlow's converter makes of a calibration set: everything in int8."""
    target.write_bytes(optimized_model(source, images=_calibration(source, request)))


def _calibration(source: "SourceModel", request: "ConvertRequest") -> "np.ndarray":
    """Reads the calibration images as the model wants them, float32 in [0, 1]."""
    from exporter.photos import read

    assert source.image_size is not None, "refused before anything was converted"
    images: np.ndarray = read(request.calibration_files, source.image_size)
    return images
