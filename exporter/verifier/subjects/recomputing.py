"""Computes again, op by op and in another way, what a subject computes when it is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.protobufs import functions_of
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.op_by_op import GraphRun, Intercept, UnsupportedError
from exporter.verifier.subjects.original_graph import GraphSubject
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import (
    BARE,
    DEFAULT,
    END_POINTS,
    MOMENTUM,
    Arrays,
    Inputs,
    Subject,
    named,
)


@dataclass(frozen=True)
class CallGraph:
    """One way of calling a subject, as a graph.

    Attributes:
        nodes: `NodeDef`s.
        library: `FunctionDef`s by name.
        inputs: Names of the placeholders of the inputs.
        spec: What they take.
        hyperparameters: Names of the placeholders of hyperparameters, by argument.
        outputs: References by output name.
        controls: Nodes that are run for what they do.
        captured: Names of variables, by the placeholder that stands for each.
    """

    nodes: Sequence[Any]
    library: Mapping[str, Any]
    inputs: tuple[str, ...]
    spec: InputSpec
    hyperparameters: Mapping[str, str]
    outputs: Mapping[str, str]
    controls: tuple[str, ...] = ()
    captured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recomputed:
    """What a graph computed.

    Attributes:
        outputs: Tensors by output name.
        assigned: Tensors by the name of the variable that they were assigned to.
    """

    outputs: dict[str, tf.Tensor]
    assigned: dict[str, tf.Tensor]

    def arrays(self) -> Arrays:
        """Returns the outputs as arrays."""
        return {name: np.asarray(tensor) for name, tensor in self.outputs.items()}


def call_graph(subject: Subject, way: str, *, training: bool = False) -> CallGraph:
    """Reads the graph of one way of calling."""
    if isinstance(subject, GraphSubject):
        return _of_original(subject, way, training=training)
    assert isinstance(subject, LoadedModel), "there are two kinds of subject"
    return _of_model(subject, way, training=training)


def _of_original(original: GraphSubject, way: str, *, training: bool) -> CallGraph:
    graph = original.graph.as_graph_def()
    tensors = original.training_outputs if training else original.outputs
    chosen = tensors if way == END_POINTS else {BARE: tensors[DEFAULT]}
    outputs = {name: tensor.name for name, tensor in chosen.items()}
    updates = tuple(f"^{getattr(update, 'op', update).name}" for update in original.updates)
    return CallGraph(
        graph.node,
        functions_of(graph),
        (original.images.op.name,),
        original.input_spec,
        {MOMENTUM: original.momentum.op.name},
        outputs,
        updates if training else (),
    )


def _of_model(model: LoadedModel, way: str, *, training: bool) -> CallGraph:
    if way in model.interface.signature_ways:
        function = model.interface.signature_ways[way]
    else:
        function = model.interface.trace_of(way, training=training).function
    graph = function.graph.as_graph_def()
    captured = {id(external): internal for external, internal in function.graph.captures}
    variables = {id(v.handle): name for name, v in model.interface.variables.items()}
    arguments = [t.op.name for t in function.inputs[: len(function.inputs) - len(captured)]]
    spec = model.spec_of(way)
    if not all(isinstance(own, tf.TensorSpec) for own in spec.specs):
        raise UnsupportedError(f"inputs {spec}")
    count = len(spec.specs)
    # Once it was differentiated, a function has more outputs, after its own.
    own = function.outputs[: len(tf.nest.flatten(function.structured_outputs))]
    references = tf.nest.pack_sequence_as(function.structured_outputs, [t.name for t in own])
    return CallGraph(
        graph.node,
        functions_of(graph),
        _in_order_of_inputs(model, way, arguments[:count]),
        spec,
        dict(zip(model.hyperparameters, arguments[count:], strict=False)),
        named(references),
        tuple(f"^{op.name}" for op in function.graph.control_outputs),
        {t.op.name: variables[key] for key, t in captured.items() if key in variables},
    )


def _in_order_of_inputs(model: LoadedModel, way: str, own: list[str]) -> tuple[str, ...]:
    """Puts placeholders, which are in the order of arguments, into that of the names of inputs."""
    inputs = model.interface.inputs
    if way in model.interface.signature_ways or len(inputs) == 1:
        return tuple(own)
    places = tf.nest.pack_sequence_as(model.interface.input_structure, list(range(len(own))))
    by_name = {n for n, p in model.interface.parameters.items() if p.kind is p.KEYWORD_ONLY}
    # Those that are given by name alone come last, sorted.
    names = [*(n for n in inputs if n not in by_name), *sorted(by_name & inputs.keys())]
    order = [place for name in names for place in tf.nest.flatten(places[name])]
    return tuple(own[order.index(place)] for place in range(len(own)))


@dataclass(frozen=True)
class How:
    """How a graph is run, where not as it is.

    Attributes:
        dtype: In which float32 is computed.
        variables: Arrays or tensors in place of the subject's own.
        given: Hyperparameters other than their defaults.
        intercept: Sees every node before it is run.
    """

    dtype: tf.DType = tf.float32
    variables: Mapping[str, Any] | None = None
    given: Mapping[str, float] = field(default_factory=dict)
    intercept: Intercept | None = None


def recompute(graph: CallGraph, subject: Subject, inputs: Inputs, how: How) -> Recomputed:
    """Runs a graph op by op.

    Args:
        graph: From `call_graph`.
        subject: Whose graph it is; gives variables and hyperparameters.
        inputs: One batch, float32 where the model takes it.
        how: What is done in another way.

    Returns:
        Outputs and assignments.

    Raises:
        UnsupportedError: If an op cannot be run by itself.
    """
    dtype = how.dtype
    values = subject.variables() if how.variables is None else how.variables
    tensors = {name: _as(value, dtype) for name, value in values.items()}
    run = GraphRun(tensors, dtype, graph.library, how.intercept)
    given: dict[str, Any] = dict(graph.captured)
    given |= {
        name: _as(v, dtype) for name, v in zip(graph.inputs, graph.spec.fed(inputs), strict=True)
    }
    numbers = {**subject.hyperparameters, **how.given}
    own = {node.name: node.attr["dtype"].type for node in graph.nodes if "dtype" in node.attr}
    for argument, placeholder in graph.hyperparameters.items():
        if numbers[argument] is None:
            raise UnsupportedError(f"argument {argument} without a number")
        given[placeholder] = _as(tf.constant(numbers[argument], own[placeholder]), dtype)
    fetches = [*graph.outputs.values(), *graph.controls]
    computed = run.graph(graph.nodes, given, fetches)[: len(graph.outputs)]
    return Recomputed(dict(zip(graph.outputs, computed, strict=True)), run.assigned)


def _as(value: Any, dtype: tf.DType) -> tf.Tensor:
    tensor = tf.convert_to_tensor(value)
    return tf.cast(tensor, dtype) if tensor.dtype == tf.float32 else tensor
