"""Means over whole images, with their pixels added up one by one.

TensorFlow adds up several parts of an image side by side. Other runtimes add
pixel after pixel to one sum, which rounds more, and most where pixels are alike.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def intercept(node: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    """Computes means in place of TensorFlow's kernels, as `op_by_op.Intercept` describes it."""
    if node.op == "Mean":
        images, axes = inputs
        return _mean(images, np.ravel(axes).tolist(), keep_dims=attributes["keep_dims"])
    if node.op == "AvgPool" and _is_whole(inputs[0], attributes):
        return _mean(inputs[0], [1, 2], keep_dims=True)
    return None


def _is_whole(images: tf.Tensor, attributes: dict[str, Any]) -> bool:
    """Returns whether each window is a whole image."""
    window = [1, *images.shape[1:3], 1]
    layout, padding = attributes["data_format"], attributes["padding"]
    return bool((layout, padding, attributes["ksize"]) == ("NHWC", "VALID", window))


def _mean(values: tf.Tensor, axes: Sequence[int], *, keep_dims: bool) -> Any:
    places = [axis % values.shape.rank for axis in axes]
    rest = [axis for axis in range(values.shape.rank) if axis not in places]
    sizes = [values.shape[axis] for axis in rest]
    count = math.prod(values.shape[axis] for axis in places)
    if count == 0:
        return None
    rows = np.transpose(values, [*places, *rest]).reshape([count, *sizes])
    mean = np.add.accumulate(rows, axis=0)[-1] / rows.dtype.type(count)
    return tf.constant(np.expand_dims(mean, tuple(sorted(places))) if keep_dims else mean)
