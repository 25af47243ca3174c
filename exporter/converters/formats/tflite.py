"""TFLite files, run by LiteRT: in float32, batch norm folded, and with numbers of fewer bits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.converters.tflite.inner_end_points import layers
from exporter.converters.tflite.litert import float_model, opened, optimized_model
from exporter.converters.tflite.op_counts import op_counts

if TYPE_CHECKING:
    import numpy as np

    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

_Make = Callable[["SourceModel", "ConvertRequest"], bytes]


@dataclass
class Tflite:
    """A format of these.

    Attributes:
        made: Makes the file; its signature has the names of the SavedModel's.
        naive: Makes what TensorFlow's converter does when it is told to quantize and no more.
    """

    made: _Make
    naive: _Make | None = None
    opened = staticmethod(opened)
    layers = staticmethod(layers)
    op_counts = staticmethod(op_counts)

    def convert(self, source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
        """Writes the file."""
        target.write_bytes(self.made(source, request))

    def convert_naively(
        self, source: "SourceModel", target: Path, request: "ConvertRequest"
    ) -> None:
        """Writes what less care makes."""
        assert self.naive is not None, "asked for in formats of eight bits only"
        target.write_bytes(self.naive(source, request))


def _dynamic(source: "SourceModel", _: "ConvertRequest") -> bytes:
    """Makes int8 weights, with activations that are quantized as they come.

    Depthwise convolutions stay float32: they have a tenth of a network's numbers at
    most, and nearly all of what int8 weights lose.
    """
    from exporter.converters.tflite.inside_buffers import with_buffers_inside
    from exporter.converters.tflite.quantizing import Int8Ops, heavy, ops_of, quantized

    model = float_model(source)
    ops = ops_of(model)
    return with_buffers_inside(quantized(model, ops, Int8Ops(dynamic=heavy(ops))))


def _int8(source: "SourceModel", request: "ConvertRequest") -> bytes:
    """Makes int8, as far as that keeps what the network says.

    Calibrated as it stands, a network with hard-swish is ruined: a few tensors have ranges so wide
    that 256 steps are too coarse for most of what they hold. So ops are tried one by
    one, and those that harm most keep float32 activations, convolutions among them int8
    weights, until the outputs point where the original's do. If that is not enough, the
    convolutions that harm most stay float32 as a whole.
    """
    from exporter.converters.tflite.inside_buffers import with_buffers_inside
    from exporter.converters.tflite.int8_selection import selection
    from exporter.converters.tflite.quantizing import ops_of, quantized, ranges_of

    images = _calibration(source, request)
    model = float_model(source)
    chosen = selection(source, images)
    (name,) = source.inputs
    ranges = ranges_of(model, images, name)
    return with_buffers_inside(quantized(model, ops_of(model), chosen, ranges))


def _calibration(source: "SourceModel", request: "ConvertRequest") -> "np.ndarray":
    """Reads the calibration images as the model wants them, float32 in its range."""
    from exporter.photos import read

    assert source.image_size is not None, "refused before anything was converted"
    images = read(request.calibration_files, source.image_size)
    return source.spec.input_range.of_unit(images)


tflite = Tflite(lambda source, _: float_model(source))
# On a CPU it computes in float32.
tflite_fp16 = Tflite(lambda source, _: optimized_model(source, float16=True))
tflite_dynamic = Tflite(_dynamic, lambda source, _: optimized_model(source))
tflite_int8 = Tflite(
    _int8, lambda source, request: optimized_model(source, images=_calibration(source, request))
)
