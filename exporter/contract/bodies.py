"""Looks into the graph of a concrete function as if all that it calls stood in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from exporter.protobufs import CALLS, calls_of, closure, functions_of, inputs_of, op_of

_ASSIGN = "Assign"
_VARIABLE_OP = "VariableOp"


@dataclass(frozen=True, eq=False)
class Body:
    """One call of a function.

    Attributes:
        library: All functions by name.
        name: Which is called.
        caller: The body that calls it; None for the outermost.
        inputs: What is given to it, as the caller writes it.
    """

    library: Mapping[str, Any]
    name: str
    caller: "Body | None" = None
    inputs: tuple[str, ...] = ()
    _called: dict[str, "Body"] = field(default_factory=dict)

    @cached_property
    def function(self) -> Any:
        """The FunctionDef."""
        return self.library[self.name]

    @cached_property
    def own_nodes(self) -> dict[str, Any]:
        """The nodes that stand in it, by name."""
        return {node.name: node for node in self.function.node_def}

    @cached_property
    def _arguments(self) -> dict[str, int]:
        return {arg.name: i for i, arg in enumerate(self.function.signature.input_arg)}

    def call(self, node: Any) -> "Body":
        """Returns the body that a node calls.

        Raises:
            RecursionError: If it is one of those that the call stands in.
        """
        if node.name not in self._called:
            name, inputs = node.attr["f"].func.name, tuple(data_inputs(node))
            if name in self.names:
                raise RecursionError(name)
            self._called[node.name] = Body(self.library, name, self, inputs)
        return self._called[node.name]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its own name, and those of all that the call stands in."""
        return (self.name, *(self.caller.names if self.caller else ()))

    def resolve(self, reference: str) -> "Producer":
        """Finds what computes a value: through calls, in and out, to an op or an argument."""
        name, *output = reference.split(":")
        if name in self._arguments and not output:
            position = self._arguments[name]
            if self.caller is None:
                return Producer(self, "", position)
            return self.caller.resolve(self.inputs[position])
        node = self.own_nodes[name]
        if node.op in CALLS:
            callee = self.call(node)
            result = callee.function.signature.output_arg[int(output[-1]) if output else 0].name
            return callee.resolve(callee.function.ret[result])
        return Producer(self, name, 0)

    def nodes(self) -> Iterator[tuple["Body", Any]]:
        """Yields every op that is not a call, with the body that it stands in."""
        for node in self.function.node_def:
            if node.op in CALLS:
                yield from self.call(node).nodes()
            else:
                yield self, node

    def results(self) -> list["Producer"]:
        """Returns what computes each result."""
        outputs = self.function.signature.output_arg
        return [self.resolve(self.function.ret[output.name]) for output in outputs]

    def used(self) -> set[int]:
        """Returns the positions of the arguments that something depends on."""
        values = [b.resolve(name) for b, node in self.nodes() for name in data_inputs(node)]
        return {v.position for v in (*values, *self.results()) if not v.node}

    def assigned(self) -> set[int]:
        """Returns the positions of the arguments that are variables and are assigned."""
        values = [b.resolve(node.input[0]) for b, node in self.nodes() if assigns(node)]
        return {value.position for value in values if not value.node}

    def order_of_use(self) -> list[int]:
        """Lists the positions of arguments in the order in which the results need them.

        Every op's inputs are followed in their order, so a layer's kernel comes
        after all that the layer's input depends on.
        """
        found: list[int] = []
        seen: set[Producer] = set()
        stack: list[Iterator[Producer]] = [iter(self.results())]
        while stack:
            value = next(stack[-1], None)
            if value is None:
                stack.pop()
            elif value not in seen:
                seen.add(value)
                if value.node:
                    inputs = data_inputs(value.body.own_nodes[value.node])
                    stack.append(map(value.body.resolve, inputs))
                else:
                    found.append(value.position)
        return found


class Producer(NamedTuple):
    """What computes a value.

    Attributes:
        body: Where it stands.
        node: Name of the op; empty for an argument of the outermost function.
        position: Of that argument.
    """

    body: Body
    node: str
    position: int


def assigns(node: Any) -> bool:
    """Says whether an op changes a variable."""
    return bool(node.op.startswith(_ASSIGN) and node.op.endswith(_VARIABLE_OP))


def data_inputs(node: Any) -> Iterable[str]:
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
