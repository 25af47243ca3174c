"""TFLite files as TensorFlow's converter makes them and LiteRT runs them.

TensorFlow is imported to convert only: LiteRT runs without it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from exporter.converters.format_table import Runner
from exporter.signatures import SERVING

if TYPE_CHECKING:
    from exporter.converters.source_model import SourceModel


# Quantized files are made from the same one twice: to choose what is quantized, and to do it.
@lru_cache(maxsize=2)
def float_model(source: "SourceModel") -> bytes:
    """Converts to float32.

    Args:
        source: The SavedModel's function.

    Returns:
        The file's bytes.
    """
    converted: bytes = _converter(source).convert()
    return converted


def optimized_model(
    source: "SourceModel", *, images: np.ndarray | None = None, float16: bool = False
) -> bytes:
    """Converts as TensorFlow's converter does when it is told to optimize.

    Args:
        source: The SavedModel's function.
        images: `[number, height, width, 3]`, from which int8 ranges are taken; without, only
            weights become smaller.
        float16: Whether weights are float16, instead of int8.

    Returns:
        The file's bytes.
    """
    import tensorflow as tf

    making = _converter(source)
    making.optimizations = [tf.lite.Optimize.DEFAULT]
    if float16:
        making.target_spec.supported_types = [tf.float16]
    if images is not None:
        making.representative_dataset = lambda: ([image[None]] for image in images)
    converted: bytes = making.convert()
    return converted


def _converter(source: "SourceModel") -> Any:
    """Returns TensorFlow's converter, to be set up further."""
    import tensorflow as tf

    # The restored object keeps the variables alive.
    root = source.model.interface.root
    return tf.lite.TFLiteConverter.from_concrete_functions([source.function], root)


@contextmanager
def opened(target: Path, threads: int | None) -> Iterator[Runner]:
    """Loads the file into LiteRT's interpreter, which runs it on the CPU with XNNPACK."""
    yield runner(target.read_bytes(), threads)


def runner(model: bytes, threads: int | None = None) -> Runner:
    """Loads a file.

    Args:
        model: Its bytes.
        threads: How many it may use; None for the runtime's default.

    Returns:
        What runs its default signature, at whatever batch size it is given.
    """
    interpreter = Interpreter(model_content=model, num_threads=threads)
    signature = interpreter.get_signature_runner(SERVING)
    inputs = signature.get_input_details()
    # Where a graph has an output twice, AI Edge Quantizer 0.10 may leave the signature with
    # a tensor that is none, and reading that would crash. Without it, it is found missing.
    real = {details["index"] for details in interpreter.get_output_details()}
    outputs = {n: d for n, d in signature.get_output_details().items() if d["index"] in real}
    shapes = {name: tuple(details["shape"]) for name, details in inputs.items()}
    if any(-1 in details["shape_signature"][1:] for details in inputs.values()):
        # Images of one pixel, which stands for any size, are too small for some networks.
        shapes.clear()
    else:
        interpreter.allocate_tensors()

    def run(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        wanted = {name: value.shape for name, value in arrays.items()}
        if wanted != shapes:
            for name, shape in wanted.items():
                interpreter.resize_tensor_input(inputs[name]["index"], shape)
            interpreter.allocate_tensors()
            shapes.update(wanted)
        for name, value in arrays.items():
            interpreter.set_tensor(inputs[name]["index"], value)
        interpreter.invoke()
        return {name: interpreter.get_tensor(o["index"]) for name, o in outputs.items()}

    return run
