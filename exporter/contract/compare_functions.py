"""Compares functions, by their arguments, and losses."""

import re
from collections.abc import Iterator, Mapping

from exporter.contract.change import NONE, Change, removed_and_added
from exporter.contract.compare_traces import Arguments, compare_traces
from exporter.contract.record import Argument, Function, Loss, Nest, Spec
from exporter.errors import listing

_NUMBER = re.compile(r"-?\d+(\.\d*)?(e[-+]?\d+)?")


def compare_functions(
    old: Mapping[str, Function], new: Mapping[str, Function], variables: Mapping[str, str]
) -> Iterator[Change]:
    """Yields differences of all functions.

    Args:
        old: What is locked.
        new: What the model has.
        variables: New names of variables by the old ones, where they were renamed.
    """
    yield from removed_and_added(old, new, ("C29", "C30"), "function '{}'")
    for name in old.keys() & new.keys():
        arguments = _paired(old[name], new[name])
        yield from _compare_arguments(name, old[name], new[name], arguments)
        yield from _compare_call(name, old[name], new[name])
        yield from compare_traces(name, (old[name], new[name]), arguments, variables)


def _paired(old: Function, new: Function) -> Arguments:
    """Finds which arguments were renamed, removed and added."""
    known = {a.name for a in old.arguments}, {a.name for a in new.arguments}
    renamed = {
        a.name: b.name
        for a, b in zip(old.arguments, new.arguments, strict=False)
        if a.name not in known[1] and b.name not in known[0]
    }
    removed = {a.name: a.default for a in old.arguments if a.name not in known[1] | renamed.keys()}
    taken = known[0] | set(renamed.values())
    added = {b.name: b.default for b in new.arguments if b.name not in taken}
    return Arguments(renamed, removed, added)


def _compare_arguments(
    function: str, old: Function, new: Function, arguments: Arguments
) -> Iterator[Change]:
    for name in arguments.removed:
        yield Change("C31", f"{function}: argument '{name}'", "it is there", NONE)
    for name, default in arguments.added.items():
        told = "required" if default is None else f"default {default}"
        rule = "C34" if default is None else "C35"
        yield Change(rule, f"{function}: argument '{name}'", NONE, told)
    found = {argument.name: argument for argument in new.arguments}
    for argument in old.arguments:
        now = found.get(arguments.renamed.get(argument.name, argument.name))
        if now is not None:
            subject = f"{function}: argument '{argument.name}'"
            if now.name != argument.name:
                yield Change("C32", subject, argument.name, now.name)
            yield from _compare_positions(subject, (old, argument), (new, now))
            if argument.default != now.default:
                rule = _rule_of_default(argument, now, (old, new))
                yield Change(rule, subject, _default(argument), _default(now))


def _compare_positions(
    subject: str, old: tuple[Function, Argument], new: tuple[Function, Argument]
) -> Iterator[Change]:
    (function, argument), (function_now, now) = old, new
    if argument.keyword_only != now.keyword_only:
        rule = "C40" if now.keyword_only else "C41"
        told = {True: "by keyword only", False: "by position or keyword"}
        yield Change(rule, subject, told[argument.keyword_only], told[now.keyword_only])
    elif not now.keyword_only:
        places = function.arguments.index(argument), function_now.arguments.index(now)
        if places[0] != places[1]:
            yield Change("C33", subject, f"position {places[0]}", f"position {places[1]}")


def _rule_of_default(old: Argument, new: Argument, functions: tuple[Function, Function]) -> str:
    if old.default is None or new.default is None:
        return "C37" if old.default is None else "C36"
    numbers = all(_NUMBER.fullmatch(text) for text in (old.default, new.default))
    matters = any(
        _matters_in_inference(function, argument.name)
        for function, argument in zip(functions, (old, new), strict=True)
    )
    # A default that is no number may find no trace at all, in either mode.
    return "C38" if matters or not numbers else "C39"


def _matters_in_inference(function: Function, name: str) -> bool:
    """Returns whether an argument chooses an inference trace, or is used in one."""
    return any(
        not isinstance(trace.inputs.get(name), Spec) or name not in trace.unused
        for trace in function.traces
        if not trace.training
    )


def _default(argument: Argument) -> str:
    return "required" if argument.default is None else f"default {argument.default}"


def _compare_call(function: str, old: Function, new: Function) -> Iterator[Change]:
    for field, stars in (("varargs", "*args"), ("varkw", "**kwargs")):
        before, now = getattr(old, field), getattr(new, field)
        if (before is None) != (now is None):
            rule = "C42" if now is None else "C43"
            yield Change(rule, f"{function}: {stars}", before or NONE, now or NONE)
    if old.jit_compile != new.jit_compile:
        rule = "C44" if new.jit_compile else "C45"
        told = {True: "demanded", False: "not demanded"}
        yield Change(rule, f"{function}: XLA", told[old.jit_compile], told[new.jit_compile])


def compare_losses(
    old: tuple[Loss, ...], new: tuple[Loss, ...], variables: Mapping[str, str]
) -> Iterator[Change]:
    """Yields differences of the regularization losses; arguments as in `compare_functions`."""
    if len(old) != len(new):
        yield Change("C63", "regularization_losses", str(len(old)), str(len(new)))
        return
    for i, (before, now) in enumerate(zip(old, new, strict=True)):
        subject = f"regularization_losses[{i}]"
        if (before.arguments, before.value) != (now.arguments, now.value):
            yield Change("C64", subject, _loss(before), _loss(now))
        covered = {variables.get(name, name) for name in before.variables}
        if covered != set(now.variables):
            left, came = covered - set(now.variables), set(now.variables) - covered
            told = f"{len(now.variables)} variables; {_told('without', left)}{_told('with', came)}"
            yield Change("C65", subject, f"{len(covered)} variables", told.rstrip("; "))


def _loss(loss: Loss) -> str:
    arguments = f" of ({', '.join(loss.arguments)})" if loss.arguments else ""
    return f"{_nest(loss.value)}{arguments}"


def _nest(nest: Nest) -> str:
    leaves = [
        f"{leaf.dtype} {list(leaf.shape) if leaf.shape is not None else 'of any shape'}"
        if isinstance(leaf, Spec)
        else leaf
        for leaf in nest.leaves.values()
    ]
    return f"{nest.kind} {listing(leaves)}"


def _told(word: str, names: set[str]) -> str:
    return f"{word} {listing(names)}; " if names else ""
