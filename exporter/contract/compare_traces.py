"""Compares the traces of one function."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.contract.deviation import (
    NONE,
    Deviation,
    changed,
    named,
    shape_change,
    tensors,
    text_of,
)
from exporter.contract.form import Argument, ConcreteFunction, Function, Leaf, Nest, Spec
from exporter.errors import listing

_ROOT = re.compile(r"\*?\w+")
_NUMBER = re.compile(r"True|False|-?\d+(\.\d*)?(e[-+]?\d+)?")
_INPUTS = {"dtype": "C50", "freed": "C48", "last freed": "C48", "fixed": "C49"}
_OUTPUTS = {"dtype": "C55", "freed": "C56", "last freed": "C57", "fixed": "C58"}

Inputs = Mapping[str, Leaf]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a function on both sides, by their names in the locked one.

    Attributes:
        old: What is locked.
        new: What the model has; one of another name stands under the old one.
    """

    old: Mapping[str, Argument]
    new: Mapping[str, Argument]

    @classmethod
    def of(cls, old: Function, new: Function) -> "Arguments":
        """Takes arguments at the same position for one, if both names are new to the other side."""
        known = {a.name for a in old.arguments}, {a.name for a in new.arguments}
        renamed = {
            b.name: a.name
            for a, b in zip(old.arguments, new.arguments, strict=False)
            if a.name not in known[1] and b.name not in known[0]
        }
        return cls(
            {a.name: a for a in old.arguments},
            {renamed.get(b.name, b.name): b for b in new.arguments},
        )

    def now(self, path: str) -> str:
        """Writes a path into an argument with the argument's new name."""
        name = _argument(path)
        return (self.new[name].name if name in self.new else name) + path[len(name) :]

    def carried(self, trace: ConcreteFunction) -> Inputs | None:
        """Writes an old trace's inputs as the new function takes them.

        Returns:
            None for a trace that only a removed argument could ask for.
        """
        inputs: dict[str, Leaf] = {}
        for path, leaf in trace.inputs.items():
            removed = self.old.get(_argument(path))
            if removed is None or removed.name in self.new:
                inputs[self.now(path)] = leaf
            elif isinstance(leaf, str) and leaf != removed.default:
                return None
        defaults = {a.name: a.default for a in self._added() if a.default is not None}
        return {**inputs, **defaults}

    def asked(self, trace: ConcreteFunction) -> ConcreteFunction:
        """Returns a new trace without what calls must add, which has a rule of its own."""
        required = {a.name for a in self._added() if a.default is None}
        inputs = {p: leaf for p, leaf in trace.inputs.items() if _argument(p) not in required}
        return trace.model_copy(update={"inputs": inputs})

    def _added(self) -> list[Argument]:
        return [argument for name, argument in self.new.items() if name not in self.old]


def compare_traces(
    function: str,
    functions: tuple[Function, Function],
    arguments: Arguments,
    variables: Mapping[str, str],
) -> Iterator[Deviation]:
    """Yields differences of traces.

    A locked trace is kept if some trace takes all that it took. Else it is
    compared with the nearest one that has the same Python values and is not
    another locked trace's.

    Args:
        function: Its name.
        functions: What is locked, and what the model has.
        arguments: How they changed.
        variables: New names of variables by the old ones, where they were renamed.
    """
    old = [(trace, arguments.carried(trace)) for trace in functions[0].traces]
    new = [arguments.asked(trace) for trace in functions[1].traces]
    pairs, lost = _paired([(t, inputs) for t, inputs in old if inputs is not None], new)
    taken = [id(now) for *_, now in pairs]
    for trace, inputs in lost:
        told = f"{function}({_label(inputs)})", _tensors(inputs), NONE
        yield Deviation("C46", *told, training=trace.training)
    for trace in new:
        if id(trace) not in taken:
            told = f"{function}({_label(trace.inputs)})", NONE, _tensors(trace.inputs)
            yield Deviation("C47", *told, training=trace.training)
    for trace, inputs, now in pairs:
        for found in _compare(function, (trace, inputs, now), arguments, variables):
            yield found._replace(where=_label(inputs), training=trace.training)


_Pair = tuple[ConcreteFunction, Inputs, ConcreteFunction]


def _paired(
    old: list[tuple[ConcreteFunction, Inputs]], new: Sequence[ConcreteFunction]
) -> tuple[list[_Pair], list[tuple[ConcreteFunction, Inputs]]]:
    """Finds for each old trace, with its inputs, the new one that takes its place."""
    pairs: list[_Pair] = []
    others = []
    for trace, inputs in old:
        taker = _nearest(inputs, [n for n in new if _takes(n.inputs, inputs)])
        if taker is None:
            others.append((trace, inputs))
        else:
            pairs.append((trace, inputs, taker))
    left = [trace for trace in new if all(trace is not taker for *_, taker in pairs)]
    lost = []
    for trace, inputs in others:
        near = _nearest(inputs, [n for n in left if _python(n.inputs) == _python(inputs)])
        if near is None:
            lost.append((trace, inputs))
        else:
            left = [other for other in left if other is not near]
            pairs.append((trace, inputs, near))
    return pairs, lost


def _compare(
    function: str,
    pair: tuple[ConcreteFunction, Inputs, ConcreteFunction],
    arguments: Arguments,
    variables: Mapping[str, str],
) -> Iterator[Deviation]:
    trace, inputs, now = pair
    for path in inputs.keys() & now.inputs.keys():
        subject = f"{function}: argument '{path}'"
        yield from _compare_inputs(subject, inputs[path], now.inputs[path])
    yield from _compare_outputs(f"{function}: output", trace.outputs, now.outputs)
    unused = set(map(arguments.now, trace.unused))
    shared = {path for path in now.inputs if isinstance(inputs.get(path), Spec)}
    for path in (unused ^ set(now.unused)) & shared:
        had = ("no effect", "an effect") if path in unused else ("an effect", "no effect")
        yield Deviation("C60" if path in unused else "C59", f"{function}: argument '{path}'", *had)
    updates = {variables.get(name, name) for name in trace.updates}
    for rule, names in (("C61", updates - set(now.updates)), ("C62", set(now.updates) - updates)):
        if names:
            told = f"{len(now.updates)}; not the same: {listing(names)}"
            yield Deviation(rule, f"{function}: updates of variables", str(len(updates)), told)


def _compare_inputs(subject: str, old: Leaf, new: Leaf) -> Iterator[Deviation]:
    if isinstance(old, Spec) and isinstance(new, Spec):
        yield from tensors(subject, old, new, _INPUTS)
        yield from changed("C51", subject, old.name, new.name, repr)
    elif old != new:
        yield Deviation("C48", subject, f"the value {old}", "a tensor")


def _compare_outputs(subject: str, old: Nest, new: Nest) -> Iterator[Deviation]:
    yield from changed("C52", subject, old.kind, new.kind)
    if old.kind == new.kind:
        # Positions are not names: whoever unpacks a tuple gets one too many.
        rules = ("C53", "C54" if new.kind == "dict" else "C52")
        yield from named(old.leaves, new.leaves, rules, subject, _compare_output)


def _compare_output(subject: str, old: Leaf, new: Leaf) -> Iterator[Deviation]:
    subject = subject.removesuffix(" ''")  # of the one tensor that there is
    if isinstance(old, Spec) and isinstance(new, Spec):
        yield from tensors(subject, old, new, _OUTPUTS)
    else:
        yield from changed("C52", subject, old, new, _text)


def _takes(new: Inputs, old: Inputs) -> bool:
    return new.keys() == old.keys() and all(_takes_leaf(new[path], old[path]) for path in old)


def _takes_leaf(new: Leaf, old: Leaf) -> bool:
    """Returns whether a trace's argument takes all that another one took."""
    if isinstance(new, str) or isinstance(old, str):
        # A number goes where a scalar tensor is expected.
        number = isinstance(old, str) and _NUMBER.fullmatch(old)
        return new == old or bool(number and isinstance(new, Spec) and not new.shape)
    return new.dtype == old.dtype and shape_change(old.shape, new.shape) != "fixed"


def _nearest(inputs: Inputs, traces: list[ConcreteFunction]) -> ConcreteFunction | None:
    """Returns the trace with the fewest other arguments."""
    return min(
        traces,
        key=lambda trace: sum(inputs[p] != leaf for p, leaf in trace.inputs.items()),
        default=None,
    )


def _python(inputs: Inputs) -> dict[str, str]:
    """Returns the Python values, and for each tensor that it is one."""
    return {path: leaf if isinstance(leaf, str) else "" for path, leaf in inputs.items()}


def _label(inputs: Inputs) -> str:
    return ", ".join(f"{p}={leaf}" for p, leaf in inputs.items() if isinstance(leaf, str))


def _tensors(inputs: Inputs) -> str:
    return ", ".join(f"{p}: {_text(leaf)}" for p, leaf in inputs.items() if isinstance(leaf, Spec))


def _text(leaf: Leaf) -> str:
    return leaf if isinstance(leaf, str) else f"{leaf.dtype} {text_of(leaf.shape)}"


def _argument(path: str) -> str:
    """Returns the argument's name of a path into it."""
    match = _ROOT.match(path)
    return match[0] if match else path
