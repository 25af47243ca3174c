"""Builds a graph-mode function twice, and leaves out what its output does not need.

Whatever a function insists on building, such as an auxiliary head, a step counter or the
logits behind the features, is no part of what is exported, nor of what that is compared with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tensorflow as tf

from slim_nets.graph_calls import GraphCalls
from slim_nets.graph_network import GraphFunction
from slim_nets.graph_refusals import ASSIGNMENTS, behind, check_ops, check_variables, listed
from slim_nets.layers.max_pool_gradient import across_functions
from slim_nets.network import Built, NetworkError
from slim_nets.original_network import OriginalNetwork, Placeholders, fetched, placeholders

# What depends on the step of training, such as the dropping of paths, is as at the end of it: the
# published models were exported so. It fits every integer type that a function may cast it to.
_LAST_STEP = 2**31 - 1
# How the types of ops begin that draw random numbers.
_RANDOM = ("Random", "StatelessRandom", "TruncatedNormal", "Multinomial")
_KEYS = tf.compat.v1.GraphKeys


def original_of_function(calls: GraphCalls) -> OriginalNetwork:
    """Builds a function's network in a new graph.

    Args:
        calls: Which function, and how it is called.

    Returns:
        The network, without what its output does not need in either mode.

    Raises:
        NetworkError: If the function cannot be had, fails, or breaks the convention.
    """
    with (
        tf.Graph().as_default() as graph,
        across_functions(graph),
        # Who runs it may not have the devices on which a function puts its ops.
        tf.compat.v1.device(lambda _: ""),
    ):
        given = placeholders(calls.input_size)
        step = tf.constant(_LAST_STEP, tf.int64, name="last_step")
        graph.add_to_collection(_KEYS.GLOBAL_STEP, step)
        with tf.name_scope("train") as train:
            lost = 1.0 - given.momentum
            training = _named(calls(given.images, training=True), train)
        # Before it is built again, and collects the same again.
        made = _Made.now()
        with tf.name_scope("predict") as predict:
            inference = _named(calls(given.images, training=False), predict, other=train)
        found = _Found(calls.function, graph, given, training, inference, made)
        found.check_ops()
        updates = found.updates()
        _give_momentum(updates, lost)
        with tf.name_scope(train):
            ends = {name: training[name] for name in found.end_points}
            training = fetched(ends)
            regularization = found.regularization()
        with tf.name_scope(predict):
            inference = fetched({name: inference[name] for name in ends})
        return OriginalNetwork(
            graph,
            given.images,
            given.momentum,
            inference,
            training,
            updates,
            regularization,
            found.kept_variables,
        )


def _named(built: Built[Any], prefix: str, other: str | None = None) -> dict[str, Any]:
    """Gives end points full names: with the scope of the network's variables in front.

    Layers without variables are collected by the names of their ops, so the mode, which those
    begin with, is left out; and so is what another mode has put into the same collection.
    """
    names = [v.op.name for v in tf.compat.v1.trainable_variables()]
    roots = {name.partition("/")[0] for name in names}
    scope = roots.pop() if len(roots) == 1 and all("/" in name for name in names) else ""
    named = {"default": built.output}
    for key, tensor in built.end_points.items():
        name = str(key).removeprefix(prefix).strip("/")
        begins = not scope or name == scope or name.startswith(f"{scope}/")
        if _is_number(tensor, built.output.graph) and not (
            other and tensor.op.name.startswith(other)
        ):
            named.setdefault(name if begins else f"{scope}/{name}", tensor)
    return named


def _is_number(value: Any, graph: tf.Graph) -> bool:
    """Returns whether something is a tensor of a graph that can be compared: no text, no handle."""
    if not isinstance(value, tf.Tensor) or value.graph is not graph:
        return False
    return bool(value.dtype.is_numpy_compatible) and value.dtype != tf.string


@dataclass(frozen=True)
class _Made:
    """What is in the collections of the current graph.

    Attributes:
        variables: All variables.
        losses: Of regularization.
        updates: Of moving averages.
        ops: All, in creation order.
    """

    variables: tuple[Any, ...]
    losses: tuple[Any, ...]
    updates: tuple[Any, ...]
    ops: tuple[Any, ...]

    @classmethod
    def now(cls) -> "_Made":
        """Looks into the collections."""
        return cls(
            tuple(tf.compat.v1.global_variables()),
            tuple(tf.compat.v1.get_collection(_KEYS.REGULARIZATION_LOSSES)),
            tuple(tf.compat.v1.get_collection(_KEYS.UPDATE_OPS)),
            tuple(tf.compat.v1.get_default_graph().get_operations()),
        )


@dataclass(frozen=True)
class _Found:
    """A network that was built in both modes, in the current graph.

    Attributes:
        function: What built it.
        graph: Where.
        given: What it was given.
        training: The output as `default`, and the end points, in training mode.
        inference: The same in the other.
        made: What was made for training.
    """

    function: GraphFunction
    graph: tf.Graph
    given: Placeholders
    training: Mapping[str, Any]
    inference: Mapping[str, Any]
    made: _Made

    @cached_property
    def variables(self) -> dict[str, Any]:
        """All that were made, by name, in creation order.

        Raises:
            NetworkError: If one is of the kind that TensorFlow 2 has no more.
        """
        found = {v.op.name: v for v in tf.compat.v1.global_variables()}
        if old := [f"'{name}'" for name, v in found.items() if not hasattr(v, "handle")]:
            raise NetworkError(
                f"Network '{self.function.function}' has reference variables: expected resource"
                f" variables, found {listed(old)}. Leave use_resource out."
            )
        return found

    @cached_property
    def _needs(self) -> dict[Any, int]:
        """By op, a bit for the images, for each variable, and for random numbers, if it needs them.

        So features whose function goes on to logits have no end points behind a dropout.
        """
        sources = [self.given.images.op, *(v.handle.op for v in self.variables.values())]
        bits = {op: 1 << place for place, op in enumerate(sources)}
        drawn = 1 << len(sources)
        needs: dict[Any, int] = {}
        for op in self.graph.get_operations():
            needed = drawn if op.type.startswith(_RANDOM) else bits.get(op, 0)
            for other in (*(tensor.op for tensor in op.inputs), *op.control_inputs):
                needed |= needs.get(other, 0)
            needs[op] = needed
        return needs

    def _needed_by(self, element: Any) -> int:
        return self._needs[getattr(element, "op", element)]

    @cached_property
    def _kept(self) -> int:
        """What the output needs, in either mode."""
        modes = (self.training, self.inference)
        return self._needed_by(modes[0]["default"]) | self._needed_by(modes[1]["default"])

    def _is_kept(self, element: Any) -> bool:
        """Returns whether a tensor or an op needs nothing that the output does not need."""
        return not self._needed_by(element) & ~self._kept

    @cached_property
    def kept_variables(self) -> dict[str, Any]:
        """The variables of the model.

        Raises:
            NetworkError: If one has another type than float32, or is made for prediction alone.
        """
        places = enumerate(self.variables.items(), start=1)
        kept = {name: v for place, (name, v) in places if self._kept >> place & 1}
        check_variables(self.function.function, kept.values(), self.made.variables)
        return kept

    @property
    def end_points(self) -> list[str]:
        """The names of those that both modes have, and that need no more than the output."""
        return [n for n, tensor in self.training.items() if self._is_shared(n, tensor)]

    def _is_shared(self, name: str, tensor: Any) -> bool:
        there = name in self.inference
        return there and self._is_kept(tensor) and self._is_kept(self.inference[name])

    def check_ops(self) -> None:
        """Refuses ops that no SavedModel can have.

        Raises:
            NetworkError: If there are some.
        """
        ends = self.end_points
        training, inference = ([m[n] for n in ends] for m in (self.training, self.inference))
        check_ops(self.function.function, training, inference, self.given)

    def regularization(self) -> Any:
        """Sums the losses of the model's variables; 0 if there are none.

        Raises:
            NetworkError: If one is of images, which a loss of weights does not get.
        """
        losses = self.made.losses
        if of_images := [loss.op.name for loss in losses if self._needed_by(loss) & 1]:
            raise NetworkError(
                f"Network '{self.function.function}' has regularization losses of activations:"
                f" expected losses of weights, found {listed(of_images)}. Mend the function."
            )
        kept = [loss for loss in losses if self._is_kept(loss)]
        return tf.add_n(kept, name="total_regularization_loss") if kept else tf.zeros([])

    def updates(self) -> list[Any]:
        """Returns the ops that move the averages of the model in a training call.

        Those of batch norms count whether or not they are collected where TF-Slim looks for them.

        Raises:
            NetworkError: If one does something else.
        """
        names = {v.handle.op: n for n, v in self.kept_variables.items() if not v.trainable}
        run = behind([*self.training.values(), *self.made.updates])
        ops = [op for op in self.made.ops if op in run or _decay_of(op) is not None]
        found = {op: names.get(op.inputs[0].op) for op in ops if op.type in ASSIGNMENTS}
        moving = {op: name for op, name in found.items() if name is not None}
        if odd := [n for op, n in moving.items() if _decay_of(op) is None or not self._is_kept(op)]:
            raise NetworkError(
                f"Network '{self.function.function}' updates variables in another way than"
                " slim.batch_norm: expected average -= (average - value) * (1 - decay), found"
                f" others of {listed(odd)}. Use slim.batch_norm, or leave these updates out."
            )
        return list(moving)


def _give_momentum(updates: Iterable[Any], lost: Any) -> None:
    """Has all moving averages lose 1 - momentum of themselves, in place of their own decay.

    A decay stands in the arguments of layers, of scopes, or in `normalizer_params`, which no later
    scope reaches; in the graph it is the one number that the change of an average is multiplied by.
    """
    for op in updates:
        # No public function changes an input of an op. A session could be fed the decay, but what
        # is exported would then be another graph than the one that it is compared with.
        op.inputs[1].op._update_input(_decay_of(op), lost)  # noqa: SLF001


def _decay_of(op: Any) -> int | None:
    """Returns which input of the product that an average loses is its decay; None if none is."""
    if op.type != "AssignSubVariableOp" or op.inputs[1].op.type != "Mul":
        return None
    ranks = [tensor.shape.rank for tensor in op.inputs[1].op.inputs]
    return ranks.index(0) if ranks.count(0) == 1 else None
