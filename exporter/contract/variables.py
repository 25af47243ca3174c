"""Reads the variables, the lists that hold them, and whether the checkpoint has them."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorflow.core.framework import variable_pb2

from checkpoints.reader import StoredTensor
from exporter.contract.form import VARIABLE_LISTS, Order, Shape, Variable, VariableList
from exporter.contract.objects import Objects
from exporter.contract.values import dtype_of, shape_of
from exporter.protobufs import listed


@dataclass(frozen=True)
class StoredVariables:
    """The variables of one model.

    Attributes:
        objects: Its object graph.
        index: Shapes and dtypes of the checkpoint's values by key.
    """

    objects: Objects
    index: Mapping[str, StoredTensor]

    def variables(self) -> dict[str, Variable]:
        """Reads all variables."""
        names = self.objects.variable_names
        return {name: _variable(self._proto(node), self._way(node)) for node, name in names.items()}

    def lists(self, used: Sequence[int]) -> dict[str, VariableList]:
        """Reads the root's lists of variables.

        Args:
            used: The nodes of variables in the order in which the network uses them.
        """
        names = self.objects.variable_names
        wanted = [names[node] for node in used if node in names]
        found = {}
        for name in VARIABLE_LISTS:
            nodes = listed(self.objects.graph, name)
            if nodes is not None:
                members = tuple(names[node] for node in nodes if node in names)
                found[name] = VariableList(names=members, order=order_of(members, wanted))
        return found

    def index_mismatches(self) -> tuple[str, ...]:
        """Says where variables and the checkpoint's index disagree.

        A value may lie under another way to its variable than those that are
        left; then it is enough that one of that shape and dtype is no one's.
        """
        # Slots of an optimizer hang on no attribute.
        reached = self.objects.variable_names.keys() & self.objects.ways.keys()
        keys = {_key(self._way(node)): node for node in sorted(reached)}
        spare = Counter[tuple[str, Shape]](
            (stored.dtype, stored.shape) for key, stored in self.index.items() if key not in keys
        )
        told = []
        for key, node in keys.items():
            proto, stored = self._proto(node), self.index.get(key)
            name = f"variable '{self.objects.variable_names[node]}'"
            expected = (dtype_of(proto.dtype), shape_of(proto.shape))
            if stored is None and spare[expected]:
                spare[expected] -= 1
            elif stored is None:
                told.append(f"{name} is not in it ({key})")
            elif (found := (stored.dtype, stored.shape)) != expected:
                told.append(f"{name} is {_text(*expected)}, in the index {_text(*found)}")
        return tuple(told)

    def _proto(self, node: int) -> Any:
        return self.objects.graph.nodes[node].variable

    def _way(self, node: int) -> tuple[str, ...]:
        """Returns the way by which the checkpoint names a variable's value."""
        ways = self.objects.ways.get(node, [()])
        return next((way for way in ways if _key(way) in self.index), ways[0])


def _variable(proto: Any, way: tuple[str, ...]) -> Variable:
    return Variable(
        dtype=dtype_of(proto.dtype),
        shape=shape_of(proto.shape),
        trainable=proto.trainable,
        synchronization=variable_pb2.VariableSynchronization.Name(proto.synchronization),
        aggregation=variable_pb2.VariableAggregation.Name(proto.aggregation),
        # Without positions, which the lists' order has.
        path="/".join("*" if part.isdecimal() else _escaped(part) for part in way),
    )


def _text(dtype: str, shape: Shape) -> str:
    return f"{dtype} {list(shape) if shape is not None else 'of unknown rank'}"


def _key(way: tuple[str, ...]) -> str:
    return "/".join([*map(_escaped, way), ".ATTRIBUTES/VARIABLE_VALUE"])


def _escaped(name: str) -> str:
    """Escapes a name as checkpoints do."""
    return name.replace(".", "..").replace("/", ".S")


def order_of(names: Sequence[str], used: Sequence[str]) -> Order:
    """Tells how a list of variables is ordered.

    A layer is what stands before the last slash of a name. An order is called
    arbitrary if more than half of the places at which variables of one layer
    could stand side by side are given to another layer's: no order by layers,
    by names or by the graph does that, and one of 208 variables drawn at
    random does it at nearly all places.

    Args:
        names: The list.
        used: All variables in the order in which the network uses them.

    Returns:
        "network" if the list keeps that order; variables that the network does
        not use may stand anywhere.
    """
    listed = set(names)
    wanted = [name for name in used if name in listed]
    if wanted and [name for name in names if name in set(wanted)] == wanted:
        return "network"
    layers = [name.rpartition("/")[0] for name in names]
    possible = len(layers) - len(set(layers))
    kept = sum(a == b for a, b in itertools.pairwise(layers))
    return "arbitrary" if possible and kept * 2 < possible else "other"
