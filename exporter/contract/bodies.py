"""Looks into the graph of a concrete function as if all that it calls stood in it.

Every function is walked once, however often it is called: what it does with its
arguments is all that a caller needs to know.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from exporter.protobufs import CALLS, assigns, calls_of, closure, functions_of, inputs_of, op_of


@dataclass(frozen=True, eq=False)
class Bodies:
    """The bodies of all functions of a model.

    Attributes:
        library: FunctionDefs by name.
    """

    library: Mapping[str, Any]
    _walked: dict[str, "Body"] = field(default_factory=dict)

    def __getitem__(self, name: str) -> "Body":
        """Returns the body of a function, the same at each call."""
        if name not in self._walked:
            self._walked[name] = Body(self, self.library[name])
        return self._walked[name]


@dataclass(frozen=True, eq=False)
class Body:
    """What a function does with its arguments; a function that calls itself has no end.

    Attributes:
        bodies: Those that it may call.
        function: The FunctionDef.
    """

    bodies: Bodies
    function: Any
    _orders: dict[int, list[int]] = field(default_factory=dict)
    _known: "dict[str, _Value]" = field(default_factory=dict)

    @cached_property
    def _nodes(self) -> dict[str, Any]:
        return {node.name: node for node in self.function.node_def}

    @cached_property
    def _arguments(self) -> dict[str, int]:
        return {arg.name: i for i, arg in enumerate(self.function.signature.input_arg)}

    @cached_property
    def _results(self) -> list[str]:
        return [self.function.ret[arg.name] for arg in self.function.signature.output_arg]

    @cached_property
    def _passed(self) -> list[int | None]:
        """For each result, the position of the argument that it is; None for what is computed."""
        values = map(self._resolve, self._results)
        return [None if value.node else value.output for value in values]

    def _called(self, node: Any) -> "Body":
        return self.bodies[node.attr["f"].func.name]

    def _resolve(self, reference: str) -> "_Value":
        """Finds what a value is: an argument, or a result of an op or of a call."""
        way: dict[str, None] = {}
        found = self._known.get(reference, reference)
        while isinstance(found, str):
            if found in way:
                raise ValueError(f"'{found}', which is made of itself")
            way[found] = None
            found = self._known.get(found) or self._source(found)
        self._known.update(dict.fromkeys(way, found))
        return found

    def _source(self, reference: str) -> "_Value | str":
        """Returns what a value is, or of what a call hands on, what it is given."""
        name, *output = reference.split(":")
        if name in self._arguments and not output:
            return _Value("", self._arguments[name])
        node = self._nodes[name]
        if node.op not in CALLS:
            return _Value(name, 0)
        result = int(output[-1]) if output else 0
        position = self._called(node)._passed[result]  # noqa: SLF001  (of its own class)
        return _Value(name, result) if position is None else data_inputs(node)[position]

    def _positions(self, references: Iterable[str]) -> set[int]:
        """Returns which arguments are among some values."""
        return {value.output for value in map(self._resolve, references) if not value.node}

    @cached_property
    def _needed(self) -> set[int]:
        """The positions of the arguments that an op takes, here or in what is called."""
        return self._positions(
            name
            for node in self.function.node_def
            for name in self._given(node, "_needed", data_inputs(node))
        )

    @cached_property
    def assigned(self) -> set[int]:
        """The positions of the arguments that are variables and are assigned."""
        return self._positions(
            name
            for node in self.function.node_def
            for name in self._given(node, "assigned", node.input[:1] if assigns(node.op) else ())
        )

    def _given(self, node: Any, by: str, own: Iterable[str]) -> Iterable[str]:
        """Returns what an op takes itself, or what a call gives to arguments of what is called."""
        if node.op not in CALLS:
            return own
        inputs = data_inputs(node)
        return [inputs[position] for position in getattr(self._called(node), by)]

    @cached_property
    def used(self) -> set[int]:
        """The positions of the arguments that something depends on."""
        return self._needed | self._positions(self._results)

    def order_of_use(self) -> list[int]:
        """Lists the positions of arguments in the order in which the results need them.

        Every op's inputs are followed in their order, so a layer's kernel comes
        after all that the layer's input depends on.
        """
        return self._order(self._results)

    def _order_of(self, result: int) -> list[int]:
        if result not in self._orders:
            self._orders[result] = self._order([self._results[result]])
        return self._orders[result]

    def _order(self, references: Sequence[str]) -> list[int]:
        found: list[int] = []
        seen: set[_Value] = set()
        stack: list[Iterator[str]] = [iter(references)]
        while stack:
            reference = next(stack[-1], None)
            if reference is None:
                stack.pop()
            elif (value := self._resolve(reference)) not in seen:
                seen.add(value)
                if value.node:
                    stack.append(iter(self._inputs_of(value)))
                else:
                    found.append(value.output)
        return found

    def _inputs_of(self, value: "_Value") -> list[str]:
        """Lists what a value is computed from, in the order of use."""
        node = self._nodes[value.node]
        inputs = data_inputs(node)
        if node.op not in CALLS:
            return inputs
        return [inputs[i] for i in self._called(node)._order_of(value.output)]  # noqa: SLF001


class _Value(NamedTuple):
    """A value in a function.

    Attributes:
        node: The op or call that computes it; empty for an argument.
        output: Which result of a call, or which argument; 0 for other ops.
    """

    node: str
    output: int


def data_inputs(node: Any) -> list[str]:
    """Returns a node's inputs without those that only say what runs first."""
    return [name for name in node.input if not name.startswith("^")]


class Running(NamedTuple):
    """What runs in a GraphDef: names of its tensors or ops, and of functions."""

    graph: Iterable[str] = ()
    functions: Iterable[str] = ()


def reached(graph: Any, start: Running) -> Running:
    """Finds all that runs with something: the ops that it depends on, and what they call."""
    library = functions_of(graph)
    names = closure(map(op_of, start.graph), inputs_of(graph.node))
    own = {node.name: node for node in graph.node if node.name in names}
    calls = {name: calls_of(function.node_def) for name, function in library.items()}
    called = closure({*start.functions, *calls_of(own.values())}, calls)
    return Running(own.keys(), called & library.keys())
