"""End points of a quantized TFLite file, read from the tensors inside it.

A conversion with end points as outputs would quantize otherwise, and be another
file. So they are looked for, by value, among the tensors of the float32 file, and read
from the tensors that have the same names in the quantized one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils

from exporter.converters.format_table import Runner
from exporter.converters.tflite.litert import float_model

if TYPE_CHECKING:
    from exporter.converters.source_model import SourceModel

# Of the largest value. Float noise is a hundred times smaller; another tensor is far away.
_SAME = 1e-3


def layers(target: Path, source: "SourceModel", images: np.ndarray) -> Runner:
    """Finds the layers of a quantized file.

    Args:
        target: The file.
        source: The end points of the SavedModel, which takes one input.
        images: A batch by which tensors are told apart.

    Returns:
        What computes those end points that are tensors of the file, as float32.
    """
    tensors = _tensors(float_model(source.serving), images)
    names = {n: _nearest(tensors, value) for n, value in source.expected([images]).items()}
    model = target.read_bytes()

    def run(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        (batch,) = arrays.values()
        found = _tensors(model, batch)
        return {name: found[tensor] for name, tensor in names.items() if tensor in found}

    return run


def _nearest(tensors: Mapping[str, np.ndarray], value: np.ndarray) -> str | None:
    """Finds the name of the tensor that holds a value; None if there is none."""
    near = _SAME * np.abs(value).max(initial=0.0)
    gaps = {
        name: np.abs(tensor - value).max(initial=0.0)
        for name, tensor in tensors.items()
        if tensor.shape == value.shape
    }
    nearest = min(gaps, key=lambda name: gaps[name], default=None)
    return nearest if nearest is not None and gaps[nearest] <= near else None


def _tensors(model: bytes, images: np.ndarray) -> dict[str, np.ndarray]:
    """Runs a file with the results of all its ops as outputs; returns them by name, as float32."""
    read = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    graph = read.subgraphs[0]
    graph.outputs = list(dict.fromkeys(op.outputs[0] for op in graph.operators))
    read.signatureDefs = None
    shown = bytes(flatbuffer_utils.convert_object_to_bytearray(read))
    interpreter = Interpreter(model_content=shown)
    (place,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(place["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place["index"], images)
    interpreter.invoke()
    return {
        details["name"]: _dequantized(interpreter.get_tensor(details["index"]), details)
        for details in interpreter.get_output_details()
    }


def _dequantized(value: np.ndarray, details: Mapping[str, Any]) -> np.ndarray:
    scale, zero = details["quantization"]
    found: np.ndarray = (value.astype(np.float32) - zero) * np.float32(scale) if scale else value
    return found
