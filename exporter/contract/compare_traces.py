"""Compares the traces of one function."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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

Leaves = Mapping[str, Leaf]


@dataclass(frozen=True)
class FunctionPair:
    """A function on both sides.

    Attributes:
        name: Its name.
        old: What is locked.
        new: What the model has.
    """

    name: str
    old: Function
    new: Function

    @cached_property
    def locked(self) -> dict[str, Argument]:
        """The arguments that are locked, by name."""
        return {argument.name: argument for argument in self.old.arguments}

    @cached_property
    def found(self) -> dict[str, Argument]:
        """The arguments that the model has, by the names that they have in the locked function.

        Those at the same position are one, if both names are new to the other side.
        """
        kept = {argument.name for argument in self.new.arguments}
        renamed = {
            b.name: a.name
            for a, b in zip(self.old.arguments, self.new.arguments, strict=False)
            if a.name not in kept and b.name not in self.locked
        }
        return {renamed.get(b.name, b.name): b for b in self.new.arguments}

    def now(self, path: str) -> str:
        """Writes a path into an argument with the argument's new name."""
        name = _argument(path)
        return (self.found[name].name if name in self.found else name) + path[len(name) :]

    def carried(self, trace: ConcreteFunction) -> Leaves | None:
        """Writes an old trace's inputs as the new function takes them.

        Returns:
            None for a trace that only a removed argument could ask for.
        """
        inputs: dict[str, Leaf] = {}
        for path, leaf in trace.inputs.items():
            removed = self.locked.get(_argument(path))
            if removed is None or removed.name in self.found:
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
        return [argument for name, argument in self.found.items() if name not in self.locked]


def compare_traces(pair: FunctionPair, variables: Mapping[str, str]) -> Iterator[Deviation]:
    """Yields differences of traces.

    A locked trace is kept if some trace takes all that it took. Else it is
    compared with the nearest one that has the same Python values and is not
    another locked trace's.

    Args:
        pair: The function.
        variables: New names of variables by the old ones, where they were renamed.
    """
    old = [(trace, pair.carried(trace)) for trace in pair.old.traces]
    new = [pair.asked(trace) for trace in pair.new.traces]
    kept, lost = _paired([(t, inputs) for t, inputs in old if inputs is not None], new)
    taken = [id(now) for *_, now in kept]
    for trace, inputs in lost:
        told = f"{pair.name}({_label(inputs)})", _tensors(inputs), NONE
        yield Deviation("C46", *told, training=trace.training)
    for trace in new:
        if id(trace) not in taken:
            told = f"{pair.name}({_label(trace.inputs)})", NONE, _tensors(trace.inputs)
            yield Deviation("C47", *told, training=trace.training)
    for trace, inputs, now in kept:
        for found in _compare(pair, (trace, inputs, now), variables):
            yield found._replace(where=_label(inputs), training=trace.training)


_Kept = tuple[ConcreteFunction, Leaves, ConcreteFunction]


def _paired(
    old: list[tuple[ConcreteFunction, Leaves]], new: Sequence[ConcreteFunction]
) -> tuple[list[_Kept], list[tuple[ConcreteFunction, Leaves]]]:
    """Finds for each old trace, with its inputs, the new one that takes its place."""
    takers = [_nearest(inputs, [n for n in new if _takes(n.inputs, inputs)]) for _, inputs in old]
    kept = [(*known, now) for known, now in zip(old, takers, strict=True) if now is not None]
    left = [trace for trace in new if all(trace is not taker for taker in takers)]
    lost = []
    for trace, inputs in (known for known, now in zip(old, takers, strict=True) if now is None):
        near = _nearest(inputs, [n for n in left if _python(n.inputs) == _python(inputs)])
        if near is None:
            lost.append((trace, inputs))
        else:
            left = [other for other in left if other is not near]
            kept.append((trace, inputs, near))
    return kept, lost


def _compare(pair: FunctionPair, kept: _Kept, variables: Mapping[str, str]) -> Iterator[Deviation]:
    trace, inputs, now = kept
    function = pair.name
    for path in inputs.keys() & now.inputs.keys():
        subject = f"{function}: argument '{path}'"
        yield from _compare_inputs(subject, inputs[path], now.inputs[path])
    yield from _compare_outputs(f"{function}: output", trace.outputs, now.outputs)
    unused = set(map(pair.now, trace.unused))
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


def _takes(new: Leaves, old: Leaves) -> bool:
    return new.keys() == old.keys() and all(_takes_leaf(new[path], old[path]) for path in old)


def _takes_leaf(new: Leaf, old: Leaf) -> bool:
    """Returns whether a trace's argument takes all that another one took."""
    if isinstance(new, str) or isinstance(old, str):
        # A number goes where a scalar tensor is expected.
        number = isinstance(old, str) and _NUMBER.fullmatch(old)
        return new == old or bool(number and isinstance(new, Spec) and not new.shape)
    return new.dtype == old.dtype and shape_change(old.shape, new.shape) != "fixed"


def _nearest(inputs: Leaves, traces: list[ConcreteFunction]) -> ConcreteFunction | None:
    """Returns the trace with the fewest other arguments."""
    return min(
        traces,
        key=lambda trace: sum(inputs[p] != leaf for p, leaf in trace.inputs.items()),
        default=None,
    )


def _python(inputs: Leaves) -> dict[str, str]:
    """Returns the Python values, and for each tensor that it is one."""
    return {path: leaf if isinstance(leaf, str) else "" for path, leaf in inputs.items()}


def _label(inputs: Leaves) -> str:
    return ", ".join(f"{p}={leaf}" for p, leaf in inputs.items() if isinstance(leaf, str))


def _tensors(inputs: Leaves) -> str:
    return ", ".join(f"{p}: {_text(leaf)}" for p, leaf in inputs.items() if isinstance(leaf, Spec))


def _text(leaf: Leaf) -> str:
    return leaf if isinstance(leaf, str) else f"{leaf.dtype} {text_of(leaf.shape)}"


def _argument(path: str) -> str:
    """Returns the argument's name of a path into it."""
    match = _ROOT.match(path)
    return match[0] if match else path
