"""Sees what calls do to a model's variables, and puts the variables back."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from exporter.verifier.subjects.interface import Interface
from exporter.verifier.subjects.subject import Arrays, read, value_of


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

        Most calls change nothing: a way that does not at its first call with inputs of some
        shapes is left alone after it, since to read all variables takes longer than some calls.

        Args:
            way: Of calling.
            shapes: Of the inputs.
        """
        if (way, shapes) in self._seen and way not in self._left:
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

    def _values(self) -> list[Any]:
        return [read(variable) for variable in self.interface.state]

    def _restore(self, before: list[Any]) -> Arrays:
        """Assigns what differs; returns that by name, as it was found."""
        changed = {}
        state = zip(self._names, self.interface.state, before, strict=True)
        for name, variable, value in state:
            after = value_of(variable)
            if after.tobytes() != value_of(value).tobytes():
                changed[name] = after
                variable.assign(value, read_value=False)
        return changed

    @cached_property
    def _names(self) -> list[str]:
        """The names of the state, in its order."""
        names = {id(variable): name for name, variable in self.interface.variables.items()}
        state = self.interface.state
        return [names.get(id(v), f"{v.name} which is not listed") for v in state]
