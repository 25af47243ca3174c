"""The SavedModel: how it can be called, and one way of calling it as TensorFlow runs it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exporter import quiet
from exporter.converters.format_table import Runner
from exporter.errors import BenchmarkError
from exporter.verifier.subjects.input_range import UNKNOWN, InputRange
from slim_nets.network import Task
from slim_nets.recognition import recognized
from slim_nets.registry import Variant


@dataclass(frozen=True)
class MeasuredModel:
    """What is known of the SavedModel.

    Attributes:
        ways: Ways of calling it that take the same inputs; the first one is the base.
        others: Signatures that take other inputs.
        inputs: One example of each by its name in the default signature, in sorted order.
        input_range: Of the values of images; [0, 1] for other inputs.
        batch: The only batch size that fits; None if any does.
        network: Which it is and what it was trained for; None if it is none of ours.
    """

    ways: tuple[str, ...]
    others: tuple[str, ...]
    inputs: Mapping[str, np.ndarray]
    input_range: InputRange = UNKNOWN
    batch: int | None = None
    network: tuple[Variant, Task] | None = None


def described(
    folder: Path,
    image_size: tuple[int, int] | None = None,
    input_range: tuple[float, float] | None = None,
) -> MeasuredModel:
    """Reads how a SavedModel can be called.

    Runs in a process that ends with it: so the process that waits for the others has no
    TensorFlow, and no threads that could disturb them.

    Args:
        folder: The SavedModel, whoever made it.
        image_size: Height and width at which one is measured that takes images of any size; None
            for those that are usual.
        input_range: Least and largest value of images; None for what the model itself says.

    Returns:
        `__call__` first, if it has one, then the signatures that take the same inputs.

    Raises:
        ExporterError: If it cannot be loaded or called, or takes other things than numbers.
    """
    quiet.import_tensorflow()
    from exporter.converters.source_model import source_of
    from exporter.verifier.subjects.subject import PLAIN

    source = source_of(folder, image_size, input_range)
    model = source.model
    served = model.spec_of(source.way)
    examples = dict(zip(source.inputs, served.probe("half"), strict=True))
    if text := [name for name, example in examples.items() if example.dtype == object]:
        raise BenchmarkError(
            f"SavedModel '{folder}' cannot be measured: expected inputs of numbers, found strings"
            f" in '{text[0]}'. Choose another model."
        )
    found = [PLAIN] if PLAIN in model.interface.ways(training=False) else []
    found += sorted(model.interface.signature_ways, key=lambda way: way != source.way)
    fitting = [way for way in found if model.spec_of(way).is_like(served)]
    return MeasuredModel(
        ways=tuple(fitting),
        others=tuple(way for way in found if way not in fitting),
        inputs=examples,
        input_range=served.input_range if served.image_size else UNKNOWN,
        batch=served.fixed_batch(),
        network=recognized(model.variables(), source.spec.declared_size),
    )


@contextmanager
def opened(folder: Path, way: str) -> Iterator[Runner]:
    """Loads the SavedModel, and calls it as users do, without the verifier's care around it.

    Threads are taken from the environment, since TensorFlow fixes them when it starts.

    Args:
        folder: The SavedModel.
        way: One of its ways of calling.

    Yields:
        What calls it.
    """
    import tensorflow as tf

    from exporter.verifier.subjects.interface import load
    from exporter.verifier.subjects.subject import PLAIN, flat

    interface = load(folder)
    if way == PLAIN:
        call, structure = interface.root, interface.input_structure
    else:
        call = interface.signature_ways[way]
        structure = call.structured_input_signature[1]

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
        tensors = [tf.constant(value) for value in inputs.values()]
        packed = tf.nest.pack_sequence_as(structure, tensors)
        args, kwargs = interface.call_with(packed) if way == PLAIN else ((), packed)
        return flat(call(*args, **kwargs))

    yield run
