"""Says whether what a call gives would fill the memory: beforehand where that is known."""

import math
from typing import Any

import tensorflow as tf

# Bytes of all outputs of one call.
MAX_OUTPUTS = 1 << 31


def too_much(outputs: Any, batch: int) -> str:
    """Says what is wrong with the outputs of a call.

    Args:
        outputs: A nest of tensors, or of their specs as far as a function states them.
        batch: How many examples the call takes.

    Returns:
        The end of a sentence; empty if nothing is wrong.
    """
    parts = tf.nest.flatten(outputs, expand_composites=True)
    size = sum(_bytes_of(part, batch) for part in parts)
    if size <= MAX_OUTPUTS:
        return ""
    return f"expected outputs of at most {MAX_OUTPUTS} bytes for a batch of {batch}, found {size}"


def _bytes_of(part: Any, batch: int) -> int:
    """Returns what a tensor takes; nothing, if not even its rank is known."""
    if not isinstance(part, tf.Tensor | tf.TensorSpec) or part.shape.rank is None:
        return 0
    shape = part.shape.as_list()
    return int(math.prod(batch if size is None else size for size in shape)) * int(part.dtype.size)
