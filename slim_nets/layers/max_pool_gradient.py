"""Differentiates the max pools of a graph as those of a SavedModel are differentiated."""

from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

_NAME = "MaxPoolAcrossFunctions"


def across_functions(graph: tf.Graph) -> AbstractContextManager[Any]:
    """Lets the max pools that are built within have the gradient that is registered here.

    In a SavedModel the forward pass and the backward pass are two functions. Where they are one
    graph, oneDNN's max pool hands the places of its maxima to its gradient, which adds up the
    same values in another order, and the last bits would differ.
    """
    context: AbstractContextManager[Any] = graph.gradient_override_map({"MaxPool": _NAME})
    return context


@tf.RegisterGradient(_NAME)
def _gradient(op: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """Builds the op that TensorFlow would, and an `Identity` between it and the pool's result."""
    return tf.raw_ops.MaxPoolGrad(
        orig_input=op.inputs[0],
        orig_output=tf.identity(op.outputs[0]),
        grad=gradient,
        ksize=op.get_attr("ksize"),
        strides=op.get_attr("strides"),
        padding=op.get_attr("padding"),
        data_format=op.get_attr("data_format"),
    )
