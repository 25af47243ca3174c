"""Fuses convolutions with the bias and activation after them, into ops that TensorFlow.js has.

TensorFlow itself makes these ops on the fly; `FusedDepthwiseConv2dNative` it
does not know at all.
"""

import tensorflow as tf

from exporter.converters.graphs.nodes import Nodes

_FUSED = {"Conv2D": "_FusedConv2D", "DepthwiseConv2dNative": "FusedDepthwiseConv2dNative"}
_ACTIVATIONS = frozenset({"Relu", "Relu6"})


def fused(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Fuses every convolution whose result goes through a bias, and perhaps a relu, alone.

    Args:
        graph: As `folded` gives it.

    Returns:
        A graph of its own; ops that nobody uses any more are still in it.
    """
    nodes = Nodes(graph)
    for node in nodes.graph.node:
        if node.op in _ACTIVATIONS and _fusible(nodes, nodes.of(node.input[0])):
            bias = nodes.of(node.input[0])
            if nodes.used_once(bias):
                _fuse(nodes, node, bias, [b"BiasAdd", node.op.encode()])
    for node in nodes.graph.node:
        if _fusible(nodes, node):
            _fuse(nodes, node, node, [b"BiasAdd"])
    return nodes.graph


def _fusible(nodes: Nodes, bias: tf.compat.v1.NodeDef) -> bool:
    if bias.op != "BiasAdd" or nodes.constant(bias.input[1]) is None:
        return False
    convolution = nodes.of(bias.input[0])
    return convolution.op in _FUSED and nodes.used_once(convolution)


def _fuse(
    nodes: Nodes, last: tf.compat.v1.NodeDef, bias: tf.compat.v1.NodeDef, ops: list[bytes]
) -> None:
    """Puts the fused op in the place of the last of those that it stands for."""
    convolution = nodes.of(bias.input[0])
    last.input[:] = [*convolution.input[:2], bias.input[1]]
    last.op = _FUSED[convolution.op]
    last.ClearField("attr")
    for name, value in convolution.attr.items():
        last.attr[name].CopyFrom(value)
    last.attr["fused_ops"].list.s.extend(ops)
    last.attr["num_args"].i = 1
