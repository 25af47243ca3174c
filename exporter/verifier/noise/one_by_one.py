"""Means over whole images and fully connected layers, with their terms added up one by one.

TensorFlow adds up several parts of an image, or of a vector, side by side. Other runtimes
add term after term to one sum, which begins with the bias and is rounded each time: most
where terms are alike, or small beside the bias.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.verifier.subjects.op_by_op import Intercept


def in_turn() -> Intercept:
    """Returns what computes sums in place of TensorFlow's kernels, in one run of a graph."""
    # By the identity of a product, which is kept so that no other tensor gets it: its factors.
    products: dict[int, tuple[tf.Tensor, tf.Tensor, tf.Tensor]] = {}

    def intercept(node: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        if node.op == "Mean":
            images, axes = inputs
            return _mean(images, np.ravel(axes).tolist(), keep_dims=attributes["keep_dims"])
        if node.op == "AvgPool" and _is_whole(inputs[0], attributes):
            return _mean(inputs[0], [1, 2], keep_dims=True)
        if _is_product(node.op, inputs, attributes):
            result = _product(*inputs)
            products[id(result)] = (result, *inputs)
            return result
        if node.op == "BiasAdd" and id(inputs[0]) in products:
            _, rows, matrix = products[id(inputs[0])]
            return _product(rows, matrix, start=inputs[1])
        return None

    return intercept


def _is_product(op: str, inputs: list[Any], attributes: dict[str, Any]) -> bool:
    """Returns whether an op is a fully connected layer: of vectors, or of images of one pixel."""
    if op == "MatMul":
        return not (attributes["transpose_a"] or attributes["transpose_b"])
    if op != "Conv2D" or attributes["data_format"] != "NHWC":
        return False
    images, kernel = inputs
    return bool(images.shape[1:3] == kernel.shape[:2] == [1, 1])


def _product(rows: tf.Tensor, matrix: tf.Tensor, start: Any = 0) -> tf.Tensor:
    """Multiplies `[..., n]` by `[..., n, m]`, whose other dimensions are 1, to `[..., m]`."""
    left, right = (np.reshape(v, [-1, v.shape[-1]]) for v in (rows, matrix))
    total = np.zeros([len(left), right.shape[1]], left.dtype) + np.asarray(start, left.dtype)
    for column, row in zip(left.T, right, strict=True):
        total += column[:, np.newaxis] * row
    return tf.constant(total.reshape([*rows.shape[:-1], right.shape[1]]))


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
