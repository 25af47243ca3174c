"""Walks the object graph: what hangs on the root under which name."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exporter.contract.form import APART, SIGNATURES
from exporter.protobufs import children_of

_CALL = "__call__"
# Their members are no attributes that anyone calls; Keras keeps its own under its name.
_APART = APART | {"keras_api"}


@dataclass(frozen=True)
class Objects:
    """The object graph of a SavedModel.

    Attributes:
        graph: The SavedObjectGraph.
    """

    graph: Any

    @cached_property
    def children(self) -> dict[str, int]:
        """The root's children: node by name."""
        return children_of(self.graph, 0)

    def kind(self, node: int) -> str:
        """Names a node's kind: what a user object says that it is, else its field."""
        found = self.graph.nodes[node]
        kind: str = found.WhichOneof("kind") or "nothing"
        return found.user_object.identifier if kind == "user_object" else kind

    @property
    def signatures(self) -> set[str]:
        """Names of the members of `model.signatures`."""
        held = self.children.get(SIGNATURES)
        return set() if held is None else set(children_of(self.graph, held))

    @cached_property
    def functions(self) -> dict[str, int]:
        """The functions that callers reach: the root's, and those of its children."""
        owners = {"": 0} | {
            f"{name}.": node
            for name, node in self.children.items()
            if name not in _APART and not name.startswith("_") and not self.is_function(node)
        }
        return {
            f"{prefix}{name}": child
            for prefix, owner in owners.items()
            for name, child in children_of(self.graph, owner).items()
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
            for name, child in children_of(self.graph, node).items():
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
