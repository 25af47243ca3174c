"""A flat GraphDef as passes over it take it: by name, with who uses what."""

from collections import Counter
from collections.abc import Collection

import numpy as np
import tensorflow as tf

from exporter.protobufs import op_of

# Under these an op runs only if its control inputs do, so that none may be taken away.
_BRANCHES = frozenset({"Switch", "Merge", "Enter", "Exit", "NextIteration"})


class Nodes:
    """The nodes of a copy of a graph, which may be changed.

    Attributes:
        graph: The copy.
        by_name: The same, by name.
    """

    def __init__(self, graph: tf.compat.v1.GraphDef) -> None:
        self.graph = tf.compat.v1.GraphDef()
        self.graph.CopyFrom(graph)
        self.by_name = {node.name: node for node in self.graph.node}
        inputs = [tensor for node in graph.node for tensor in node.input]
        self._uses = Counter(op_of(tensor) for tensor in inputs)
        # Second and later results, which no folded op has.
        self._others = {op_of(tensor) for tensor in inputs if ":" in tensor.removesuffix(":0")}

    def of(self, tensor: str) -> tf.compat.v1.NodeDef:
        """Returns the node that a tensor comes from."""
        return self.by_name[op_of(tensor)]

    def used_once(self, node: tf.compat.v1.NodeDef) -> bool:
        """Says whether a node's first result goes to one place, and no other result anywhere."""
        return self._uses[node.name] == 1 and not self.has_other_results(node)

    def has_other_results(self, node: tf.compat.v1.NodeDef) -> bool:
        """Says whether any but the first result of a node is used."""
        return node.name in self._others

    def constant(self, tensor: str) -> np.ndarray | None:
        """Returns a constant's value; None if it is no constant of float32."""
        node = self.of(tensor)
        if node.op != "Const" or node.attr["dtype"].type != tf.float32.as_datatype_enum:
            return None
        value: np.ndarray = tf.make_ndarray(node.attr["value"].tensor)
        return value

    def add_constant(self, name: str, value: np.ndarray) -> str:
        """Adds a float32 constant; returns its name, as `add` does."""
        node = self.add(name, "Const")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.astype(np.float32)))
        return str(node.name)

    def add(self, name: str, op: str) -> tf.compat.v1.NodeDef:
        """Adds a node without inputs; its name is longer if that was taken."""
        while name in self.by_name:
            name += "_"
        node = self.graph.node.add(name=name, op=op)
        self.by_name[name] = node
        return node


def pruned(graph: tf.compat.v1.GraphDef, kept: Collection[str]) -> tf.compat.v1.GraphDef:
    """Leaves only what computes the outputs, without ops that pass on what they get.

    Args:
        graph: As `frozen_graph` makes it, without side effects.
        kept: Names of its inputs and outputs.

    Returns:
        A graph of its own, its nodes in the order of their names.
    """
    nodes = {node.name: node for node in graph.node}
    branches = any(node.op in _BRANCHES for node in graph.node)
    result = tf.compat.v1.GraphDef(versions=graph.versions)
    wanted, found = list(kept), set()
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found.add(name)
        node = result.node.add()
        node.CopyFrom(nodes[name])
        if not branches:
            data = [tensor for tensor in node.input if not tensor.startswith("^")]
            node.input[:] = [_origin(tensor, nodes, kept) for tensor in data]
        wanted += map(op_of, node.input)
    result.node.sort(key=lambda node: node.name)
    return result


def _origin(tensor: str, nodes: dict[str, tf.compat.v1.NodeDef], kept: Collection[str]) -> str:
    """Follows a tensor back through ops that pass it on."""
    while (node := nodes[op_of(tensor)]).op == "Identity" and node.name not in kept:
        tensor = node.input[0]
    return tensor.removesuffix(":0")
