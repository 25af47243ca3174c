"""A float32 TFLite file, batch norm folded, run by LiteRT.

TensorFlow is imported to convert only: LiteRT runs without it, here as in the
formats made of this one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from exporter.converters.formats import Options, Run
from exporter.signatures import SERVING

if TYPE_CHECKING:
    from exporter.converters.source import Source


def convert(source: "Source", target: Path, _: Options) -> None:
    """Writes the file; its signature has the names of the SavedModel's."""
    target.write_bytes(float_model(source))


# Quantized files are made from the same one twice: as asked, and naively.
@lru_cache(maxsize=2)
def float_model(source: "Source") -> bytes:
    """Converts to float32.

    Args:
        source: The SavedModel's function.

    Returns:
        The file's bytes.
    """
    converted: bytes = converter(source).convert()
    return converted


def converter(source: "Source") -> Any:
    """Returns TensorFlow's converter, to be set up further."""
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_concrete_functions([source.function], source.root)


@contextmanager
def opened(target: Path, threads: int | None) -> Iterator[Run]:
    """Loads the file into LiteRT's interpreter, which runs it on the CPU with XNNPACK."""
    yield runner(target.read_bytes(), threads)


def runner(model: bytes, threads: int | None = None) -> Run:
    """Loads a file.

    Args:
        model: Its bytes.
        threads: How many it may use; None for the runtime's default.

    Returns:
        What runs its default signature, at whatever batch size it is given.
    """
    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    signature = interpreter.get_signature_runner(SERVING)
    inputs = signature.get_input_details()
    # Where a graph has an output twice, AI Edge Quantizer 0.10 may leave the signature with
    # a tensor that is none, and reading that would crash. Without it, it is found missing.
    real = {details["index"] for details in interpreter.get_output_details()}
    outputs = {n: d for n, d in signature.get_output_details().items() if d["index"] in real}
    shapes = {name: tuple(details["shape"]) for name, details in inputs.items()}

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
