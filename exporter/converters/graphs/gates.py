"""Spells out the gates that OpenVINO would take for others.

It recognizes `relu6(x + 3) * c` for any c near 1/6 and computes its HSigmoid
or HSwish instead, whose slope is 1/6 exactly. The checkpoints were trained
with 0.16667, which is 2e-5 more; in a whole network that makes 2e-4.
"""

import numpy as np
import tensorflow as tf

from exporter.converters.graphs.nodes import Nodes

_EXACT = np.float32(1 / 6)


def with_gates_spelled_out(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Writes `relu6(x + b) * c` as `clip(x * c + b * c, 0, 6 * c)`, which is the same number.

    A slope of 1/6 is left as it is: there OpenVINO's own op is right, and
    faster. In `x * relu6(x + b) * c`, multiplied in any order, c goes to the gate.

    Args:
        graph: As `pruned` gives it, in which nothing lies between an op and the next.

    Returns:
        A graph of its own.
    """
    nodes = Nodes(graph)
    for node in list(nodes.graph.node):
        if node.op == "Mul":
            _spell_out(nodes, node)
    return nodes.graph


def _spell_out(nodes: Nodes, node: tf.compat.v1.NodeDef) -> None:
    """Changes one product, if it is one with the slope of a gate."""
    slope, rest = _scalar_and_rest(nodes, node)
    if slope is None or slope == _EXACT or slope <= 0:
        return
    if (shifted := _shifted(nodes, rest)) is not None:
        _clip(nodes, node, shifted, slope)
        return
    product = nodes.of(rest)
    if product.op != "Mul":
        return
    for gate, x in (tuple(product.input), tuple(product.input)[::-1]):
        if (shifted := _shifted(nodes, gate)) is not None:
            clip = nodes.add(f"{node.name}/gate", "ClipByValue")
            _clip(nodes, clip, shifted, slope)
            node.input[:] = [x, clip.name]
            return


def _clip(
    nodes: Nodes, node: tf.compat.v1.NodeDef, shifted: tuple[np.float32, str], slope: np.float32
) -> None:
    """Makes a node compute the gate with its slope."""
    shift, x = shifted
    names = ("slope", "shift", "floor", "ceiling")
    values = np.array([slope, shift * slope, 0, 6 * slope], np.float32)
    factor, offset, *ends = (
        nodes.add_constant(f"{node.name}/{name}", np.asarray(value))
        for name, value in zip(names, values, strict=True)
    )
    scaled = nodes.add(f"{node.name}/scaled", "Mul")
    moved = nodes.add(f"{node.name}/moved", "AddV2")
    _set(scaled, "Mul", x, factor)
    _set(moved, "AddV2", scaled.name, offset)
    _set(node, "ClipByValue", moved.name, *ends)


def _set(node: tf.compat.v1.NodeDef, op: str, *inputs: str) -> None:
    node.op = op
    node.input[:] = inputs
    node.attr["T"].type = tf.float32.as_datatype_enum


def _shifted(nodes: Nodes, gate: str) -> tuple[np.float32, str] | None:
    """Returns b and x of `relu6(x + b)`."""
    relu = nodes.of(gate)
    if relu.op != "Relu6":
        return None
    added = nodes.of(relu.input[0])
    if added.op not in {"Add", "AddV2", "BiasAdd"}:
        return None
    shift, x = _scalar_and_rest(nodes, added)
    return None if shift is None else (shift, x)


def _scalar_and_rest(nodes: Nodes, node: tf.compat.v1.NodeDef) -> tuple[np.float32 | None, str]:
    """Separates the constant of a sum or product from what is not constant."""
    for scalar, rest in (tuple(node.input[:2]), tuple(node.input[:2])[::-1]):
        value = nodes.constant(scalar)
        if value is not None and value.size == 1:
            return value.reshape(-1)[0], rest
    return None, ""
