"""Reads the functions that callers reach, with their arguments and traces, and the losses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from exporter.contract.bodies import Bodies
from exporter.contract.form import (
    LOSSES,
    Argument,
    ConcreteFunction,
    Function,
    Leaf,
    Loss,
    Nest,
    Spec,
)
from exporter.contract.objects import Objects
from exporter.contract.values import fields_of, items_of, leaves_of, nest_of, python_of
from exporter.protobufs import concrete_functions, listed


@dataclass(frozen=True)
class Functions:
    """The functions of one model.

    Attributes:
        objects: Its object graph.
        library: Its FunctionDefs by name.
    """

    objects: Objects
    library: Mapping[str, Any]
    _traces: dict[int, dict[str, ConcreteFunction]] = field(default_factory=dict)

    @cached_property
    def _bodies(self) -> Bodies:
        return Bodies(self.library)

    @cached_property
    def functions(self) -> dict[str, Function]:
        """All that callers reach, by name."""
        return {name: self._function(node) for name, node in self.objects.functions.items()}

    def traces(self, node: int) -> dict[str, ConcreteFunction]:
        """Reads the traces of a function's node by the names of their concrete functions."""
        if node not in self._traces:
            arguments = self._arguments(node)
            names = concrete_functions(self.objects.graph.nodes[node])
            self._traces[node] = {name: self._trace(name, arguments) for name in names}
        return self._traces[node]

    def losses(self) -> tuple[Loss, ...] | None:
        """Reads the regularization losses."""
        nodes = listed(self.objects.graph, LOSSES)
        return None if nodes is None else tuple(self._loss(node) for node in nodes)

    def order_of_use(self) -> list[int]:
        """Lists the nodes of variables in the order in which inference uses them."""
        found = [
            (-len(used), len(trace.outputs.leaves), used)
            for node in self.objects.functions.values()
            for name, trace in self.traces(node).items()
            if not trace.training
            for used in [self._variables_used(name)]
        ]
        # Of those that use most, the one with the fewest results goes from end to end once.
        return min(found)[-1] if found else []

    def _loss(self, node: int) -> Loss:
        if not self.objects.is_function(node):
            kind = self.objects.kind(node)
            return Loss(arguments=(), value=Nest(kind=kind, leaves={}), variables=())
        function = self._function(node)
        values = [trace.outputs for trace in function.traces]
        used = {v for name in self.traces(node) for v in self._variables_used(name)}
        return Loss(
            arguments=tuple(a.name for a in function.arguments if a.default is None),
            value=values[0] if values else Nest(kind="no trace", leaves={}),
            variables=self._names(used),
        )

    def _function(self, node: int) -> Function:
        spec = self.objects.graph.nodes[node].function.function_spec
        argspec = fields_of(spec.fullargspec)
        return Function(
            arguments=self._arguments(node),
            varargs=_name(argspec.get("varargs")),
            varkw=_name(argspec.get("varkw")),
            jit_compile=spec.jit_compile == type(spec).JitCompile.ON,
            traces=tuple(sorted(self.traces(node).values(), key=ConcreteFunction.model_dump_json)),
        )

    def _arguments(self, node: int) -> tuple[Argument, ...]:
        found = self.objects.graph.nodes[node]
        if found.HasField("function"):
            return _arguments(found.function.function_spec)
        bare = found.bare_concrete_function
        positional = bare.allowed_positional_arguments
        return tuple(
            Argument(name=name, keyword_only=i >= positional, default=None)
            for i, name in enumerate(bare.argument_keywords)
        )

    def _trace(self, name: str, arguments: tuple[Argument, ...]) -> ConcreteFunction:
        concrete, body = self._concrete(name), self._bodies[name]
        inputs = dict(_inputs(concrete.canonicalized_input_signature, arguments))
        bound = self._bound(name)
        paths = self._tensors(name, inputs)
        return ConcreteFunction(
            inputs=inputs,
            outputs=nest_of(concrete.output_signature),
            unused=tuple(path for i, path in enumerate(paths) if i not in body.used),
            updates=self._names({bound[i] for i in body.assigned if i in bound}),
        )

    def _concrete(self, name: str) -> Any:
        functions = self.objects.graph.concrete_functions
        if name not in functions:
            raise LookupError(f"concrete function '{name}' is missing")
        return functions[name]

    def _tensors(self, name: str, inputs: Mapping[str, Leaf]) -> list[str]:
        """Names the arguments that are tensors, in the order of the FunctionDef."""
        paths = [path for path, leaf in inputs.items() if isinstance(leaf, Spec)]
        arguments = self.library[name].signature.input_arg
        own = len(arguments) - len(self._concrete(name).bound_inputs)
        names = [argument.name for argument in arguments[:own]]
        if sorted(names) == sorted(paths):
            return names
        # A tensor that is not dense takes several places: then nobody can say which.
        return paths if len(paths) == own else []

    def _bound(self, name: str) -> dict[int, int]:
        """Returns which node of the object graph each captured argument is."""
        bound = self._concrete(name).bound_inputs
        first = len(self.library[name].signature.input_arg) - len(bound)
        return {first + i: node for i, node in enumerate(bound)}

    def _variables_used(self, name: str) -> list[int]:
        body = self._bodies[name]
        bound = self._bound(name)
        return [bound[position] for position in body.order_of_use() if position in bound]

    def _names(self, nodes: set[int]) -> tuple[str, ...]:
        """Names those nodes that are variables, sorted."""
        names = self.objects.variable_names
        return tuple(sorted({names[node] for node in nodes if node in names}))


def _arguments(spec: Any) -> tuple[Argument, ...]:
    """Reads a FullArgSpec."""
    found = fields_of(spec.fullargspec)
    names, keywords = (
        [v.string_value for v in items_of(found[key])] for key in ("args", "kwonlyargs")
    )
    given = items_of(found["defaults"])
    defaults = dict(zip(names, [*[None] * (len(names) - len(given)), *given], strict=True))
    defaults |= fields_of(found["kwonlydefaults"])
    positional = names[bool(spec.is_method) :]  # without `self`
    return tuple(
        Argument(
            name=name,
            keyword_only=i >= len(positional),
            default=None if (default := defaults.get(name)) is None else python_of(default),
        )
        for i, name in enumerate([*positional, *keywords])
    )


def _inputs(signature: Any, arguments: tuple[Argument, ...]) -> list[tuple[str, Leaf]]:
    """Reads a canonical signature, which is a tuple of positional arguments and a dict."""
    positional, named = items_of(signature)
    names = [argument.name for argument in arguments]
    found: list[tuple[str, Leaf]] = []
    for i, value in enumerate(items_of(positional)):
        found += leaves_of(value, names[i] if i < len(names) else f"*{i}")
    for name, value in fields_of(named).items():
        found += leaves_of(value, name)
    return found


def _name(value: Any) -> str | None:
    return value.string_value if value is not None and value.HasField("string_value") else None
