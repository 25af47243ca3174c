"""Says beforehand whether what a signature gives would fill the memory."""

import math
from typing import Any

import tensorflow as tf

from exporter.verifier.subjects.subject import Inputs

# Bytes of all outputs of one call.
MAX_OUTPUTS = 1 << 31


def outputs_too_large(signature: Any, inputs: Inputs) -> str:
    """Says what is wrong with the outputs of a call, as far as a signature states them.

    Args:
        signature: A concrete function; None for what states nothing.
        inputs: One batch.

    Returns:
        The middle of a sentence; empty if nothing is wrong.
    """
    if signature is None:
        return ""
    batch = next((len(value) for value in inputs if value.ndim), 1)
    size = sum(_bytes_of(spec, batch) for spec in signature.structured_outputs.values())
    if size <= MAX_OUTPUTS:
        return ""
    return (
        f"has outputs that are too large: expected at most {MAX_OUTPUTS} bytes for a batch of"
        f" {batch}, found {size}"
    )


def _bytes_of(spec: tf.TensorSpec, batch: int) -> int:
    """Returns what a tensor takes; nothing, if not even its rank is known."""
    shape = spec.shape.as_list() if spec.shape.rank is not None else [0]
    return int(math.prod(batch if size is None else size for size in shape)) * int(spec.dtype.size)
