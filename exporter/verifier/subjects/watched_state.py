"""Sees what calls do to a model's variables, and puts the variables back."""

import re
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import tensorflow as tf

from exporter.protobufs import assigns, nodes_of
from exporter.verifier.subjects.interface import Interface
from exporter.verifier.subjects.subject import Arrays, read, same_bits, value_of

# In the names of ops that draw at random, and change a variable by that.
_DRAWING = re.compile("Rng|StatefulUniform|Stateful.*Normal")
# In the names of ops that change what is no variable, and what nobody can put back.
_LASTING = re.compile(
    "^LookupTable(Insert|Remove|Import)|^Queue.*(Enqueue|Dequeue)|^Stack(Push|Pop)"
)


@dataclass
class WatchedState:
    """The variables of a loaded model.

    Attributes:
        interface: What holds them.
    """

    interface: Interface
    _seen: set[tuple[str, Hashable]] = field(default_factory=set)
    # Of ways that ever changed anything, what the last call left.
    _left: dict[str, Arrays] = field(default_factory=dict)
    # Names of ops, by way.
    _ops: dict[str, set[str]] = field(default_factory=dict)

    def left(self, way: str) -> Arrays:
        """Returns the variables that the last call changed, as it left them."""
        return self._left.get(way, {})

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Puts everything back."""
        before = self._values()
        try:
            yield
        finally:
            self._restore(before)

    @contextmanager
    def watched(self, way: str, shapes: Hashable) -> Iterator[None]:
        """Puts back what a call changes.

        Most calls change nothing: a way without ops that do, and that does not at its first call
        with inputs of some shapes, is left alone after it, since to read all variables takes longer
        than some calls. Others may change something for some values alone.

        Args:
            way: Of calling.
            shapes: Of the inputs.
        """
        unchanged = (way, shapes) in self._seen and way not in self._left
        if unchanged and not self._may_change(way):
            yield
            return
        self._seen.add((way, shapes))
        before = self._values()
        try:
            yield
        finally:
            changed = self._restore(before)
            if changed or way in self._left:
                self._left[way] = changed

    def lasting(self, way: str) -> list[str]:
        """Names the ops that change tables or queues, which cannot be put back, sorted."""
        known = {id(variable.handle) for variable in self.interface.captured}
        taken = (given for run in self._functions(way) for given in run.captured_inputs)
        if all(given.dtype != tf.resource or id(given) in known for given in taken):
            return []
        return sorted(filter(_LASTING.search, self._run_by(way)))

    def _may_change(self, way: str) -> bool:
        """Says whether a way of calling has ops that change variables."""
        return any(assigns(op) or _DRAWING.search(op) for op in self._run_by(way))

    def _run_by(self, way: str) -> set[str]:
        """Returns the names of ops that a way of calling may run in inference mode."""
        if way not in self._ops:
            graphs = (function.graph.as_graph_def() for function in self._functions(way))
            self._ops[way] = {node.op for graph in graphs for node in nodes_of(graph)}
        return self._ops[way]

    def _functions(self, way: str) -> list[Any]:
        offered = self.interface
        if way in offered.signature_ways:
            return [offered.signature_ways[way]]
        return [
            trace.function
            for trace in offered.traces
            if trace.flags == offered.flags[way] and trace.arguments.get("training") is not True
        ]

    def _values(self) -> list[Any]:
        return [read(variable) for variable in self.interface.state]

    def _restore(self, before: list[Any]) -> Arrays:
        """Assigns what differs; returns that by name, as it was found."""
        changed = {}
        state = zip(self._names, self.interface.state, before, strict=True)
        for name, variable, value in state:
            after = value_of(variable)
            if not same_bits(after, value_of(value)):
                changed[name] = after
                variable.assign(value, read_value=False)
        return changed

    @cached_property
    def _names(self) -> list[str]:
        """The names of the state, in its order."""
        names = {id(variable): name for name, variable in self.interface.variables.items()}
        state = self.interface.state
        return [names.get(id(v), f"{v.name} which is not listed") for v in state]
