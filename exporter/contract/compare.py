"""Compares a model's contract with the locked one."""

import itertools
from collections.abc import Iterator

from exporter.contract.change import Change
from exporter.contract.compare_functions import compare_functions, compare_losses
from exporter.contract.compare_model import compare_model, compare_ops
from exporter.contract.compare_signatures import compare_signatures
from exporter.contract.compare_variables import compare_variables, renamed_variables
from exporter.contract.record import Contract
from exporter.contract.report import Difference
from exporter.contract.rules import CONSUMERS
from exporter.contract.table import RULES


def compare(locked: Contract, found: Contract) -> tuple[Difference, ...]:
    """Classes every difference.

    Args:
        locked: What consumers depend on.
        found: What they would get.

    Returns:
        In the order of the rules and subjects. What is the same in several
        traces is told once.
    """
    merged: dict[tuple[str, str, str, str], list[Change]] = {}
    for change in _changes(locked, found):
        key = (change.rule, change.subject, change.expected, change.found)
        merged.setdefault(key, []).append(change)
    return tuple(_classed(merged[key]) for key in sorted(merged))


def _changes(locked: Contract, found: Contract) -> Iterator[Change]:
    renamed = renamed_variables(locked, found)
    yield from compare_model(locked, found)
    yield from compare_signatures(locked.signatures, found.signatures)
    yield from compare_functions(locked.functions, found.functions, renamed)
    yield from compare_losses(locked.losses or (), found.losses or (), renamed)
    yield from compare_variables(locked, found, renamed)
    yield from compare_ops(locked.ops, found.ops)


def _classed(changes: list[Change]) -> Difference:
    first = changes[0]
    training = all(change.training for change in changes)
    rule = RULES[first.rule]
    places = [place for place, _ in itertools.groupby(sorted(c.where for c in changes)) if place]
    return Difference(
        rule=first.rule,
        title=rule.title,
        subject=first.subject,
        expected=first.expected,
        found=first.found,
        where="; ".join(places),
        classes={c: rule.severity(c, training=training) for c in CONSUMERS},
    )
