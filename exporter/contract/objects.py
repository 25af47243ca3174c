"""Walks the object graph: what hangs on the root under which name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tensorflow.core.framework import variable_pb2

from exporter.contract.record import LOSSES, SIGNATURES, VARIABLE_LISTS, Variable
from exporter.contract.values import dtype_of, shape_of
from exporter.protobufs import children_of

_CALL = "__call__"
# Their members are no attributes that anyone calls; Keras keeps its own under its name.
_APART = frozenset({SIGNATURES, LOSSES, *VARIABLE_LISTS, "keras_api"})


@dataclass(frozen=True)
class Objects:
    """The object graph of a SavedModel.

    Attributes:
        graph: The SavedObjectGraph.
        index: Shapes and dtypes of the checkpoint's values by key.
    """

    graph: Any
    index: Mapping[str, Any]

    @cached_property
    def children(self) -> dict[str, int]:
        """The root's children: node by name."""
        return self.children_of(0)

    def children_of(self, node: int) -> dict[str, int]:
        """Returns a node's children by name."""
        return children_of(self.graph, node)

    def kind(self, node: int) -> str:
        """Names a node's kind: what a user object says that it is, else its field."""
        found = self.graph.nodes[node]
        kind: str = found.WhichOneof("kind") or "nothing"
        return found.user_object.identifier if kind == "user_object" else kind

    def signatures(self) -> set[str]:
        """Names the members of `model.signatures`."""
        return (
            set(self.children_of(self.children[SIGNATURES]))
            if SIGNATURES in self.children
            else set()
        )

    @cached_property
    def functions(self) -> dict[str, int]:
        """The functions that callers reach: the root's, and those of its children."""
        return {
            **self._functions_of(0, ""),
            **{
                path: function
                for name, node in self.children.items()
                if name not in _APART and not name.startswith("_") and not self.is_function(node)
                for path, function in self._functions_of(node, f"{name}.").items()
            },
        }

    def _functions_of(self, node: int, prefix: str) -> dict[str, int]:
        return {
            f"{prefix}{name}": child
            for name, child in self.children_of(node).items()
            if self.is_function(child) and (name == _CALL or not name.startswith("_"))
        }

    def is_function(self, node: int) -> bool:
        """Returns whether a node can be called."""
        return self.kind(node) in ("function", "bare_concrete_function")

    @cached_property
    def ways(self) -> dict[int, list[tuple[str, ...]]]:
        """The ways from the root to each object, the shortest first; one for each parent."""
        found: dict[int, list[tuple[str, ...]]] = {0: [()]}
        queue = [0]
        for node in queue:  # grows while it runs: breadth first
            for name, child in self.children_of(node).items():
                if child not in found:
                    found[child] = []
                    queue.append(child)
                found[child].append((*found[node][0], name))
        return found

    @cached_property
    def variable_names(self) -> dict[int, str]:
        """Names of all variables by node; namesakes are numbered in the order of the graph."""
        names, seen = {}, Counter[str]()
        for node, found in enumerate(self.graph.nodes):
            if found.HasField("variable"):
                name = found.variable.name
                seen[name] += 1
                names[node] = name if seen[name] == 1 else f"{name}#{seen[name]}"
        return names

    def _way(self, node: int) -> tuple[str, ...]:
        """Returns the way by which the checkpoint names a variable's value."""
        ways = self.ways.get(node, [()])
        return next((way for way in ways if _key(way) in self.index), ways[0])

    def _path(self, node: int) -> str:
        """Writes a variable's key without positions, which the lists' order has."""
        way = self._way(node)
        return "/".join("*" if part.isdecimal() else _escaped(part) for part in way)

    def variables(self) -> dict[str, Variable]:
        """Reads all variables."""
        return {
            name: _variable(self.graph.nodes[node].variable, self._path(node))
            for node, name in self.variable_names.items()
        }

    def index_mismatches(self) -> tuple[str, ...]:
        """Says where variables and the checkpoint's index disagree.

        A value may lie under another way to its variable than those that are
        left; then it is enough that one of that shape and dtype is no one's.
        """
        keys = {_key(self._way(node)): node for node in self.variable_names if node in self.ways}
        spare = Counter(
            (stored.dtype, stored.shape) for key, stored in self.index.items() if key not in keys
        )
        told = []
        for key, node in keys.items():  # slots of an optimizer hang on no attribute
            variable, stored = self.graph.nodes[node].variable, self.index.get(key)
            expected = (dtype_of(variable.dtype), shape_of(variable.shape))
            if stored is None and spare[expected]:
                spare[expected] -= 1
            elif stored is None:
                told.append(f"variable '{self.variable_names[node]}' is not in it ({key})")
            elif (stored.dtype, stored.shape) != expected:
                told.append(
                    f"variable '{self.variable_names[node]}' is {_text(*expected)}, in the index"
                    f" {_text(stored.dtype, stored.shape)}"
                )
        return tuple(told)


def _variable(proto: Any, path: str) -> Variable:
    return Variable(
        dtype=dtype_of(proto.dtype),
        shape=shape_of(proto.shape),
        trainable=proto.trainable,
        synchronization=variable_pb2.VariableSynchronization.Name(proto.synchronization),
        aggregation=variable_pb2.VariableAggregation.Name(proto.aggregation),
        path=path,
    )


def _text(dtype: str, shape: Any) -> str:
    return f"{dtype} {list(shape) if shape is not None else 'of unknown rank'}"


def _key(way: tuple[str, ...]) -> str:
    return "/".join([*map(_escaped, way), ".ATTRIBUTES/VARIABLE_VALUE"])


def _escaped(name: str) -> str:
    """Escapes a name as checkpoints do."""
    return name.replace(".", "..").replace("/", ".S")
