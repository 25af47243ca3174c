"""Compares functions, by their arguments, and losses."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from exporter.contract.compare_traces import FunctionPair, compare_traces
from exporter.contract.deviation import (
    NONE,
    Deviation,
    added,
    changed,
    default_text,
    named,
    text_of,
)
from exporter.contract.form import Argument, Function, Loss, Nest, Spec
from exporter.errors import listing

# What is said of False, and of True.
_KEYWORD_ONLY = ("by position or keyword", "by keyword only").__getitem__
_DEMANDED = ("not demanded", "demanded").__getitem__
_NUMBER = re.compile(r"-?\d+(\.\d*)?(e[-+]?\d+)?")


def compare_functions(
    old: Mapping[str, Function], new: Mapping[str, Function], variables: Mapping[str, str]
) -> Iterator[Deviation]:
    """Yields differences of all functions.

    Args:
        old: What is locked.
        new: What the model has.
        variables: New names of variables by the old ones, where they were renamed.
    """
    yield from named(old, new, ("C29", "C30"), "function")
    for name in old.keys() & new.keys():
        pair = FunctionPair(name, old[name], new[name])
        rules, compared = ("C31", added("C34", "C35")), partial(_compare_arguments, pair)
        yield from named(pair.locked, pair.found, rules, f"{name}: argument", compared)
        yield from _compare_call(name, old[name], new[name])
        yield from compare_traces(pair, variables)


def _compare_arguments(
    pair: FunctionPair, subject: str, old: Argument, new: Argument
) -> Iterator[Deviation]:
    yield from changed("C32", subject, old.name, new.name)
    by_keyword = old.keyword_only, new.keyword_only
    yield from changed("C40" if new.keyword_only else "C41", subject, *by_keyword, _KEYWORD_ONLY)
    if not any(by_keyword):
        before, now = pair.old.arguments.index(old), pair.new.arguments.index(new)
        yield from changed("C33", subject, before, now, "position {}".format)
    rule = _rule_of_default(pair, old, new)
    yield from changed(rule, subject, old.default, new.default, default_text)


def _rule_of_default(pair: FunctionPair, old: Argument, new: Argument) -> str:
    if old.default is None or new.default is None:
        return "C37" if old.default is None else "C36"
    numbers = all(_NUMBER.fullmatch(text) for text in (old.default, new.default))
    sides = (pair.old, old.name), (pair.new, new.name)
    matters = any(_matters_in_inference(function, name) for function, name in sides)
    # A default that is no number may find no trace at all, in either mode.
    return "C38" if matters or not numbers else "C39"


def _matters_in_inference(function: Function, name: str) -> bool:
    """Returns whether an argument chooses an inference trace, or is used in one."""
    return any(
        not isinstance(trace.inputs.get(name), Spec) or name not in trace.unused
        for trace in function.traces
        if not trace.training
    )


def _compare_call(function: str, old: Function, new: Function) -> Iterator[Deviation]:
    for field, stars in (("varargs", "*args"), ("varkw", "**kwargs")):
        before, now = getattr(old, field), getattr(new, field)
        if (before is None) != (now is None):
            rule = "C42" if now is None else "C43"
            yield Deviation(rule, f"{function}: {stars}", before or NONE, now or NONE)
    rule = "C44" if new.jit_compile else "C45"
    yield from changed(rule, f"{function}: XLA", old.jit_compile, new.jit_compile, _DEMANDED)


def compare_losses(
    old: tuple[Loss, ...], new: tuple[Loss, ...], variables: Mapping[str, str]
) -> Iterator[Deviation]:
    """Yields differences of the regularization losses; arguments as in `compare_functions`."""
    if len(old) != len(new):
        yield Deviation("C63", "regularization_losses", str(len(old)), str(len(new)))
        return
    for i, (before, now) in enumerate(zip(old, new, strict=True)):
        subject = f"regularization_losses[{i}]"
        if (before.arguments, before.value) != (now.arguments, now.value):
            yield Deviation("C64", subject, _loss(before), _loss(now))
        covered = {variables.get(name, name) for name in before.variables}
        if covered != set(now.variables):
            left, came = covered - set(now.variables), set(now.variables) - covered
            told = f"{len(now.variables)} variables; {_told('without', left)}{_told('with', came)}"
            yield Deviation("C65", subject, f"{len(covered)} variables", told.rstrip("; "))


def _loss(loss: Loss) -> str:
    arguments = f" of ({', '.join(loss.arguments)})" if loss.arguments else ""
    return f"{_nest(loss.value)}{arguments}"


def _nest(nest: Nest) -> str:
    leaves = nest.leaves.values()
    told = (
        f"{x.dtype} {text_of(x.shape, 'of any shape')}" if isinstance(x, Spec) else x
        for x in leaves
    )
    return f"{nest.kind} {listing(told)}"


def _told(word: str, names: set[str]) -> str:
    return f"{word} {listing(names)}; " if names else ""
