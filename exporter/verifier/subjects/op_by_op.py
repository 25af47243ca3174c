"""Runs a model's graph op by op: in float64, or with one op changed.

TensorFlow runs a graph as a whole. To know how far float32 rounding alone
moves a result, or what the result would be with another epsilon, its nodes
are called one after the other here, each by TensorFlow's own kernel.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from exporter.protobufs import CALLS, op_of

# Names of attributes in graphs that are other ones in `tf.raw_ops`.
_RENAMED = {("Squeeze", "squeeze_dims"): "axis"}

# Sees a node and its inputs before it is run; returns its results, or None to let it run.
Intercept = Callable[[Any, list[Any], dict[str, Any]], Any]


class UnsupportedError(Exception):
    """A graph has an op that cannot be run by itself, such as a loop."""


@dataclass
class GraphRun:
    """One run of a graph.

    Attributes:
        variables: Tensors by variable name, as they are read.
        dtype: In which float32 is computed.
        library: Function definitions by name.
        intercept: Sees every node.
        assigned: What was assigned, by variable name; reads do not see it.
    """

    variables: Mapping[str, tf.Tensor]
    dtype: tf.DType
    library: Mapping[str, Any]
    intercept: Intercept | None = None
    assigned: dict[str, tf.Tensor] = field(default_factory=dict)

    def graph(
        self, nodes: Iterable[Any], given: Mapping[str, Any], fetches: Sequence[str]
    ) -> list[Any]:
        """Computes some tensors of a list of nodes.

        Args:
            nodes: `NodeDef`s.
            given: Tensors of placeholders and arguments by name; of a variable its name.
            fetches: References as they stand in nodes' inputs, also `^name`.

        Returns:
            A tensor for each; those with `^` are run and give None.
        """
        by_name = {node.name: node for node in nodes}
        results = {name: _Results(tensor) for name, tensor in given.items()}
        for name in _ordered(by_name, given, [op_of(fetch) for fetch in fetches]):
            results[name] = self._node(by_name[name], results)
        return [None if f.startswith("^") else _resolve(results, f) for f in fetches]

    def assign(self, name: str, value: tf.Tensor) -> None:
        """Notes what a variable is assigned."""
        self.assigned[name] = value

    def _node(self, node: Any, results: Mapping[str, "_Results"]) -> "_Results":
        inputs = [_resolve(results, name) for name in node.input if not name.startswith("^")]
        if node.op in CALLS:
            return self._call(self.library[node.attr["f"].func.name], inputs)
        attributes = self._attributes(node)
        result = self.intercept(node, inputs, attributes) if self.intercept else None
        if result is None:
            result = self._run(node.op, node.name, inputs, attributes)
        return _Results(result)

    def _call(self, function: Any, inputs: list[Any]) -> "_Results":
        names = [argument.name for argument in function.signature.input_arg]
        outputs = [argument.name for argument in function.signature.output_arg]
        fetches = [function.ret[name] for name in outputs]
        controls = [f"^{name}" for name in function.control_ret.values()]
        given = dict(zip(names, inputs, strict=True))
        computed = self.graph(function.node_def, given, fetches + controls)
        return _Results(computed[: len(outputs)])

    def _run(self, op: str, name: str, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        if handler := _HANDLERS.get(op):
            return handler(self, inputs, attributes)
        if not hasattr(tf.raw_ops, op):
            raise UnsupportedError(f"op {op} of node {name}")
        names = _parameters(op)
        required = [n for n in names if n not in attributes and names[n] is inspect.Parameter.empty]
        if len(inputs) != len(required):
            inputs = _listed(op, inputs, len(required))
        try:
            return getattr(tf.raw_ops, op)(**dict(zip(required, inputs, strict=True)), **attributes)
        except (TypeError, ValueError, tf.errors.OpError) as error:
            raise UnsupportedError(f"op {op} of node {name}: {type(error).__name__}") from error

    def _attributes(self, node: Any) -> dict[str, Any]:
        known = _HANDLERS.keys() & {node.op} or _parameters(node.op)
        attributes = {}
        for key, attr in node.attr.items():
            name = _RENAMED.get((node.op, key), key)
            if not key.startswith("_") and (name in known or node.op in _HANDLERS):
                attributes[name] = self._attribute(attr)
        return attributes

    def _attribute(self, attr: Any) -> Any:
        kind = attr.WhichOneof("value")
        if kind == "type":
            return self.dtype if attr.type == types_pb2.DT_FLOAT else tf.as_dtype(attr.type)
        if kind == "tensor":
            return attr.tensor
        if kind == "shape":
            return tf.TensorShape(attr.shape)
        if kind == "list":
            fields = [values for _, values in attr.list.ListFields()]
            return list(fields[0]) if fields else []
        value = getattr(attr, kind) if kind else None
        return value.decode() if isinstance(value, bytes) else value


@dataclass(frozen=True)
class _Results:
    """What a node gave: one tensor, a list, or a named tuple; of a called function a list."""

    given: Any

    def field(self, name: str, index: int) -> Any:
        """Finds an output as function bodies name it, `node:name:index`."""
        named = getattr(self.given, "_fields", None)
        result = getattr(self.given, name) if named else self.given
        return result[index] if isinstance(result, list) else result

    def flat(self, index: int) -> Any:
        """Finds an output as graphs name it, `node:index`."""
        return self.given[index] if isinstance(self.given, list | tuple) else self.given


def _resolve(results: Mapping[str, _Results], reference: str) -> Any:
    name, *rest = reference.split(":")
    if len(rest) == 2:
        return results[name].field(rest[0], int(rest[1]))
    return results[name].flat(int(rest[0]) if rest else 0)


def _ordered(
    nodes: Mapping[str, Any], given: Mapping[str, Any], wanted: Sequence[str]
) -> Iterator[str]:
    """Yields the nodes that are needed, each after its inputs."""
    done = set(given)
    stack = [(name, False) for name in reversed(wanted)]
    while stack:
        name, ready = stack.pop()
        if name in done:
            continue
        if ready:
            done.add(name)
            yield name
        else:
            stack.append((name, True))
            stack += [(op_of(i), False) for i in nodes[name].input if op_of(i) not in done]


@cache
def _parameters(op: str) -> dict[str, Any]:
    function = getattr(tf.raw_ops, op, None)
    if function is None:
        return {}
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.name != "name"}


def _listed(op: str, inputs: list[Any], count: int) -> list[Any]:
    """Makes a list of the inputs that are one argument; where there are others, it is the first."""
    if count == 0 or len(inputs) < count:
        raise UnsupportedError(f"op {op} with {len(inputs)} inputs")
    first = len(inputs) - count + 1
    return [inputs[:first], *inputs[first:]]


def _const(run: GraphRun, _: list[Any], attributes: dict[str, Any]) -> Any:
    value = tf.make_ndarray(attributes["value"])
    if value.dtype == np.float32:
        return tf.constant(value, run.dtype)
    return tf.constant(value)


class _Normalized(NamedTuple):
    """The outputs of a batch norm, under the op's own names."""

    y: tf.Tensor
    batch_mean: tf.Tensor
    batch_variance: tf.Tensor
    reserve_space_1: tf.Tensor
    reserve_space_2: tf.Tensor
    reserve_space_3: tf.Tensor


def _batch_norm(run: GraphRun, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    """Computes a batch norm from plain ops, since its kernel has only float32 statistics."""
    x, scale, offset, mean, variance = inputs
    given = {"epsilon": 0.0001, "is_training": True, "data_format": "NHWC", **attributes}
    if run.dtype == tf.float32:
        arguments = {"x": x, "scale": scale, "offset": offset, "mean": mean, "variance": variance}
        return tf.raw_ops.FusedBatchNormV3(
            **arguments,
            epsilon=given["epsilon"],
            data_format=given["data_format"],
            is_training=given["is_training"],
        )
    if given["data_format"] != "NHWC":
        raise TypeError("a float64 batch norm takes NHWC")
    if given["is_training"]:
        mean, variance = tf.nn.moments(x, [0, 1, 2])
    y = tf.nn.batch_normalization(x, mean, variance, offset, scale, given["epsilon"])
    count = tf.cast(tf.size(x) / tf.size(mean), x.dtype)
    # What is averaged is corrected as a sample's variance is.
    corrected = variance * count / (count - 1) if given["is_training"] else variance
    return _Normalized(y, mean, corrected, mean, variance, mean)


# Ops that are computed here in another way than by their kernel.
_HANDLERS: dict[str, Callable[[GraphRun, list[Any], dict[str, Any]], Any]] = {
    "Const": _const,
    "VarHandleOp": lambda _run, _inputs, attributes: str(attributes["shared_name"]),
    "ReadVariableOp": lambda run, inputs, _: run.variables[inputs[0]],
    "AssignVariableOp": lambda run, inputs, _: run.assign(inputs[0], inputs[1]),
    "AssignAddVariableOp": lambda run, inputs, _: run.assign(
        inputs[0], run.variables[inputs[0]] + inputs[1]
    ),
    "AssignSubVariableOp": lambda run, inputs, _: run.assign(
        inputs[0], run.variables[inputs[0]] - inputs[1]
    ),
    "FusedBatchNormV3": _batch_norm,
    "FusedBatchNormV2": _batch_norm,
    "NoOp": lambda *_: (),
}
