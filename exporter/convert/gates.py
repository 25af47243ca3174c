"""Spells out the gates that OpenVINO would take for others.

It recognizes `relu6(x + 3) * c` for any c near 1/6 and computes its HSigmoid
or HSwish instead, whose slope is 1/6 exactly. The checkpoints were trained
with 0.16667, which is 2e-5 more; in a whole network that makes 2e-4.
"""

from typing import Any

import numpy as np
import tensorflow as tf

_EXACT = np.float32(1 / 6)
_CONSTANTS = ("slope", "shift", "floor", "ceiling")


def with_gates_spelled_out(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Writes `relu6(x + b) * c` as `clip(x * c + b * c, 0, 6 * c)`, which is the same number.

    A slope of 1/6 is left as it is: there OpenVINO's own op is right, and
    faster. In `x * relu6(x + b) * c`, multiplied in any order, c goes to the gate.

    Args:
        graph: A flat graph of constants.

    Returns:
        A new one.
    """
    found = tf.compat.v1.GraphDef()
    found.CopyFrom(graph)
    nodes = _Nodes(found)
    for node in list(found.node):
        if node.op == "Mul" and node.attr["T"].type == tf.float32.as_datatype_enum:
            nodes.spell_out(node)
    return found


class _Nodes:
    """Nodes by name; those between which nothing but an `Identity` lies count as neighbours."""

    def __init__(self, graph: tf.compat.v1.GraphDef) -> None:
        self._graph = graph
        self._by_name = {node.name: node for node in graph.node}

    def spell_out(self, node: Any) -> None:
        """Changes one product, if it is one with the slope of a gate."""
        slope, rest = self._scalar_and_rest(node)
        if slope is None or slope == _EXACT or slope <= 0:
            return
        if self._shifted(rest) is not None:
            self._clip(node, rest, slope)
            return
        product = self._node(rest)
        if product is None or product.op != "Mul":
            return
        for gate, x in (tuple(product.input), tuple(product.input)[::-1]):
            if self._shifted(gate) is not None:
                clip = self._graph.node.add(name=f"{node.name}/gate")
                self._clip(clip, gate, slope)
                node.input[:] = [x, clip.name]
                return

    def _clip(self, node: Any, gate: str, slope: np.float32) -> None:
        """Makes a node compute the gate with its slope."""
        shifted = self._shifted(gate)
        assert shifted is not None, "the caller has looked"
        shift, x = shifted
        values = (slope, shift * slope, np.float32(0), np.float32(6) * slope)
        names = [f"{node.name}/{name}" for name in _CONSTANTS]
        for name, value in zip(names, values, strict=True):
            constant = self._graph.node.add(name=name, op="Const")
            constant.attr["dtype"].type = tf.float32.as_datatype_enum
            constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        scaled, moved = f"{node.name}/scaled", f"{node.name}/moved"
        self._set(self._graph.node.add(name=scaled), "Mul", x, names[0])
        self._set(self._graph.node.add(name=moved), "AddV2", scaled, names[1])
        self._set(node, "ClipByValue", moved, *names[2:])

    def _set(self, node: Any, op: str, *inputs: str) -> None:
        node.op = op
        node.input[:] = inputs
        node.attr["T"].type = tf.float32.as_datatype_enum

    def _shifted(self, gate: str) -> tuple[np.float32, str] | None:
        """Returns b and x of `relu6(x + b)`."""
        relu = self._node(gate)
        if relu is None or relu.op != "Relu6":
            return None
        added = self._node(relu.input[0])
        if added is None or added.op not in {"Add", "AddV2", "BiasAdd"}:
            return None
        shift, x = self._scalar_and_rest(added)
        return None if shift is None else (shift, x)

    def _scalar_and_rest(self, node: Any) -> tuple[np.float32 | None, str]:
        """Separates the constant of a sum or product from what is not constant."""
        for scalar, rest in (tuple(node.input[:2]), tuple(node.input[:2])[::-1]):
            constant = self._node(scalar)
            if constant is not None and constant.op == "Const":
                value = tf.make_ndarray(constant.attr["value"].tensor)
                if value.size == 1 and value.dtype == np.float32:
                    return value.reshape(-1)[0], rest
        return None, ""

    def _node(self, name: str) -> Any:
        """Looks through `Identity`s; None for another output than the first."""
        node = self._by_name.get(name.removesuffix(":0"))
        while node is not None and node.op == "Identity":
            node = self._by_name.get(node.input[0].removesuffix(":0"))
        return node
