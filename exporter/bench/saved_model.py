"""The SavedModel as TensorFlow runs it, one way of calling at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.bench.request import OpenTask
from exporter.converters.formats import Run
from exporter.verifier.subjects.interface import load
from exporter.verifier.subjects.subject import PLAIN, flat


@contextmanager
def opened(task: OpenTask) -> Iterator[Run]:
    """Loads the SavedModel, and calls it as users do, without the verifier's care around it.

    Threads are taken from the environment, since TensorFlow fixes them when it starts.
    """
    interface = load(Path(task.subject.path))
    if task.subject.what == PLAIN:
        call, structure = interface.root, interface.input_structure
    else:
        call = interface.signature(task.subject.what)
        structure = call.structured_input_signature[1]

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
        tensors = [tf.constant(value) for value in inputs.values()]
        packed = tf.nest.pack_sequence_as(structure, tensors)
        return flat(call(packed) if task.subject.what == PLAIN else call(**packed))

    yield run
