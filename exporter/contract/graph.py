"""Looks into the graph of a concrete function as if all that it calls stood in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from exporter.protobufs import calls_of, closure, functions_of, inputs_of, op_of

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
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
    def _nodes(self) -> dict[str, Any]:
        return {node.name: node for node in self.function.node_def}

    @cached_property
    def _arguments(self) -> dict[str, int]:
        return {arg.name: i for i, arg in enumerate(self.function.signature.input_arg)}

    def call(self, node: Any) -> "Body":
        """Returns the body that a node calls."""
        if node.name not in self._called:
            name, inputs = node.attr["f"].func.name, tuple(data_inputs(node))
            self._called[node.name] = Body(self.library, name, self, inputs)
        return self._called[node.name]

    def resolve(self, reference: str) -> "Value":
        """Finds what computes a value: through calls, in and out, to an op or an argument."""
        name, *output = reference.split(":")
        if name in self._arguments and not output:
            position = self._arguments[name]
            if self.caller is None:
                return Value(self, None, position)
            return self.caller.resolve(self.inputs[position])
        node = self._nodes[name]
        if node.op in _CALLS:
            callee = self.call(node)
            result = callee.function.signature.output_arg[int(output[-1]) if output else 0].name
            return callee.resolve(callee.function.ret[result])
        return Value(self, node, 0)

    def nodes(self) -> Iterator[tuple["Body", Any]]:
        """Yields every op that is not a call, with the body that it stands in."""
        for node in self.function.node_def:
            if node.op in _CALLS:
                yield from self.call(node).nodes()
            else:
                yield self, node

    def results(self) -> list["Value"]:
        """Returns what computes each result."""
        outputs = self.function.signature.output_arg
        return [self.resolve(self.function.ret[output.name]) for output in outputs]

    def used(self) -> set[int]:
        """Returns the positions of the arguments that something depends on."""
        values = [b.resolve(name) for b, node in self.nodes() for name in data_inputs(node)]
        return {v.position for v in (*values, *self.results()) if v.node is None}

    def assigned(self) -> set[int]:
        """Returns the positions of the arguments that are variables and are assigned."""
        return {
            value.position
            for body, node in self.nodes()
            if assigns(node)
            for value in [body.resolve(node.input[0])]
            if value.node is None
        }

    def order_of_use(self) -> list[int]:
        """Lists the positions of arguments in the order in which the results need them.

        Every op's inputs are followed in their order, so a layer's kernel comes
        after all that the layer's input depends on.
        """
        found: list[int] = []
        seen: set[tuple[int, str, int]] = set()
        stack: list[Iterator[Value]] = [iter(self.results())]
        while stack:
            value = next(stack[-1], None)
            if value is None:
                stack.pop()
            elif value.key not in seen:
                seen.add(value.key)
                if value.node is None:
                    found.append(value.position)
                else:
                    inputs = data_inputs(value.node)
                    stack.append(map(value.body.resolve, inputs))
        return found


@dataclass(frozen=True, eq=False)
class Value:
    """What computes a value.

    Attributes:
        body: Where it stands.
        node: The op; None for an argument of the outermost function.
        position: Of that argument.
    """

    body: Body
    node: Any
    position: int

    @property
    def key(self) -> tuple[int, str, int]:
        """Tells values apart."""
        return id(self.body), "" if self.node is None else self.node.name, self.position


def assigns(node: Any) -> bool:
    """Says whether an op changes a variable."""
    return bool(node.op.startswith(_ASSIGN) and node.op.endswith(_VARIABLE_OP))


def data_inputs(node: Any) -> Iterable[str]:
    """Returns a node's inputs without those that only say what runs first."""
    return [name for name in node.input if not name.startswith("^")]


def reached(
    graph: Any, tensors: Iterable[str], functions: Iterable[str] = ()
) -> tuple[set[str], set[str]]:
    """Finds what runs for tensors.

    Args:
        graph: A GraphDef.
        tensors: Names of tensors or ops in it.
        functions: Names of functions that run as well.

    Returns:
        Names of its nodes, and of the functions that they call at any depth.
    """
    library = functions_of(graph)
    own = closure(map(op_of, tensors), inputs_of(graph.node))
    called = calls_of(node for node in graph.node if node.name in own)
    calls = {name: calls_of(function.node_def) for name, function in library.items()}
    return own & {n.name for n in graph.node}, closure(
        called.union(functions), calls
    ) & library.keys()
