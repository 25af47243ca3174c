"""Puts the original graph itself into TensorFlow functions, over live variables.

A network that is a function has no second set of layers. What it built in graph mode is
imported node by node, so that what is exported is what a session would run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tensorflow as tf

from slim_nets.original_network import OriginalNetwork

# Beside which variable a node lies, which is not imported with it; and gradients that a function
# of Python computes, such as that of swish, which no other process has: the ops have their own.
_LEFT_OUT = frozenset({"_class", "_gradient_op_type"})


@dataclass(frozen=True)
class GraphBodies:
    """The bodies of an original network, to be called where they are traced.

    Attributes:
        original: The network in its graph.
        variables: `tf.Variable`s by name, in place of the graph's own.
    """

    original: OriginalNetwork
    variables: Mapping[str, tf.Variable]

    def inference(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the output as `default`, and all end points by name."""
        return self._imported(self.original.inference, {self.original.images: images})

    def training(self, images: tf.Tensor, momentum: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the same in training mode, and moves the moving averages."""
        given = {self.original.images: images, self.original.momentum: momentum}
        return self._imported(self.original.training, given, self.original.updates)

    def regularization(self) -> tf.Tensor:
        """Computes the loss of the weights."""
        return self._imported({"loss": self.original.regularization}, {})["loss"]

    def _imported(
        self,
        outputs: Mapping[str, Any],
        given: Mapping[Any, tf.Tensor],
        updates: Iterable[Any] = (),
    ) -> dict[str, tf.Tensor]:
        """Imports what some outputs and updates need into the graph that is traced."""
        graph = tf.compat.v1.get_default_graph()
        there = {tensor.op.name: value for tensor, value in given.items()}
        ends = [*(tensor.op for tensor in outputs.values()), *updates]
        needed = _needed(ends, {*there, *self._handles})
        tensors = {name: value for name, value in there.items() if name in needed}
        for handle, variable in self._handles.items():
            if handle in needed:
                graph.watch_variable(variable)  # as reading it does, for tapes
                tensors[handle] = graph.capture(variable.handle)
        imported = tf.graph_util.import_graph_def(
            self._part(needed - tensors.keys()),
            input_map={f"{name}:0": value for name, value in tensors.items()},
            return_elements=[tensor.name for tensor in outputs.values()],
            name="",
        )
        return dict(zip(outputs, imported, strict=True))

    def _part(self, names: set[str]) -> tf.compat.v1.GraphDef:
        """Returns the graph of some ops, which wait for no other."""
        whole = self._definition
        part = tf.compat.v1.GraphDef(versions=whole.versions, library=whole.library)
        part.node.extend(node for node in whole.node if node.name in names)
        for node in part.node:
            inputs = [i for i in node.input if not i.startswith("^") or i[1:] in names]
            node.input[:] = inputs
        return part

    @cached_property
    def _handles(self) -> dict[str, tf.Variable]:
        """The variables by the names of the ops that stand for them in the graph."""
        there = self.original.variables
        return {there[name].handle.op.name: variable for name, variable in self.variables.items()}

    @cached_property
    def _definition(self) -> tf.compat.v1.GraphDef:
        definition = self.original.graph.as_graph_def()
        for node in definition.node:
            for name in _LEFT_OUT & node.attr.keys():
                del node.attr[name]
        return definition


def _needed(ends: Iterable[Any], sources: set[str]) -> set[str]:
    """Returns the names of the ops that are needed for some, down to what is given."""
    todo = list(ends)
    found = {op.name for op in todo}
    while todo:
        op = todo.pop()
        if op.name in sources:
            continue
        for other in (*(tensor.op for tensor in op.inputs), *op.control_inputs):
            if other.name not in found:
                found.add(other.name)
                todo.append(other)
    return found
