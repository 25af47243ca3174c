"""Folds batch norms of inference into the convolutions before them."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from exporter.converters.graphs.nodes import Nodes

_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})


def folded(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Folds every batch norm that alone follows a convolution, with or without a bias between.

    Computed in float64 and rounded once. Where the two are not constant, not
    channels-last, or where what lies between them is used elsewhere, nothing changes.

    Args:
        graph: As `pruned` gives it: convolutions and batch norms side by side.

    Returns:
        A graph of its own with a `BiasAdd` under the name of each folded norm;
        constants that nobody uses any more are still in it.
    """
    nodes = Nodes(graph)
    found = [_fold(nodes, node) for node in nodes.graph.node if node.op in _NORMS]
    for fold in filter(None, found):
        fold()
    return nodes.graph


def _fold(nodes: Nodes, norm: tf.compat.v1.NodeDef) -> Callable[[], None] | None:
    """Returns what folds a batch norm, once all have been looked at; None if it cannot be."""
    parameters = tuple(nodes.constant(tensor) for tensor in norm.input[1:5])
    if norm.attr["is_training"].b or nodes.has_other_results(norm):
        return None
    before = nodes.of(norm.input[0])
    bias = nodes.constant(before.input[1]) if before.op == "BiasAdd" else np.zeros(1)
    convolution = nodes.of(before.input[0]) if before.op == "BiasAdd" else before
    if convolution.op not in _CONVOLUTIONS:
        return None
    chain = [before, convolution] if before is not convolution else [convolution]
    alone = all(nodes.used_once(node) for node in chain)
    last = all(_channels_last(node) for node in [norm, *chain])
    kernel = nodes.constant(convolution.input[1])
    if not (alone and last) or any(value is None for value in (kernel, bias, *parameters)):
        return None
    return partial(_apply, nodes, norm, convolution, kernel, bias, parameters)  # type: ignore[arg-type]


def _channels_last(node: tf.compat.v1.NodeDef) -> bool:
    return node.attr["data_format"].s in {b"", b"NHWC"}


def _apply(
    nodes: Nodes,
    norm: tf.compat.v1.NodeDef,
    convolution: tf.compat.v1.NodeDef,
    kernel: np.ndarray,
    bias: np.ndarray,
    parameters: Sequence[np.ndarray],
) -> None:
    """Folds a batch norm with its gamma, beta, mean and variance; without a bias, that is zeros."""
    gamma, beta, mean, variance = (value.astype(np.float64) for value in parameters)
    scale = gamma / np.sqrt(variance + norm.attr["epsilon"].f)
    # A depthwise kernel has its channels in the last two places.
    places = kernel.shape[2:] if convolution.op == "DepthwiseConv2dNative" else (-1,)
    convolution.input[1] = nodes.add_constant(
        f"{convolution.name}/folded", kernel * scale.reshape(places)
    )
    offset = nodes.add_constant(f"{norm.name}/offset", beta + (bias - mean) * scale)
    norm.op = "BiasAdd"
    norm.input[:] = [convolution.name, offset]
    norm.ClearField("attr")
    norm.attr["T"].type = tf.float32.as_datatype_enum
    norm.attr["data_format"].s = b"NHWC"
