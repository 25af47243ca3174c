"""Compares a model's contract with the locked one, and marks what was accepted."""

from collections.abc import Iterable, Iterator, Sequence

from exporter.contract.compare_functions import compare_functions, compare_losses
from exporter.contract.compare_model import compare_model, compare_signatures
from exporter.contract.compare_variables import compare_variables, renamed_variables
from exporter.contract.contract_rules import contract_rules
from exporter.contract.deviation import Deviation
from exporter.contract.diff import Acceptance, ContractDifference
from exporter.contract.form import Contract
from exporter.contract.ops import compare_ops
from exporter.errors import ContractError, listing


def compare(locked: Contract, found: Contract) -> tuple[ContractDifference, ...]:
    """Classes every difference.

    Args:
        locked: What consumers depend on.
        found: What they would get.

    Returns:
        In the order of the rules and subjects. What is the same in several
        traces is told once.
    """
    merged: dict[tuple[str, ...], list[Deviation]] = {}
    for deviation in _deviations(locked, found):
        merged.setdefault(deviation[:4], []).append(deviation)
    return tuple(_classed(merged[key]) for key in sorted(merged))


def _deviations(locked: Contract, found: Contract) -> Iterator[Deviation]:
    renamed = renamed_variables(locked, found)
    yield from compare_model(locked, found)
    yield from compare_signatures(locked, found)
    yield from compare_functions(locked.functions, found.functions, renamed)
    yield from compare_losses(locked.losses or (), found.losses or (), renamed)
    yield from compare_variables(locked, found, renamed)
    yield from compare_ops(locked.ops, found.ops)


def _classed(same: list[Deviation]) -> ContractDifference:
    first = same[0]
    rule = contract_rules()[first.rule]
    training = all(deviation.training for deviation in same)
    return ContractDifference(
        rule=first.rule,
        title=rule.title,
        subject=first.subject,
        expected=first.expected,
        found=first.found,
        where="; ".join(sorted({deviation.where for deviation in same} - {""})),
        classes=rule.classes_in_training_mode if training else rule.classes,
    )


def mark_accepted(
    differences: Iterable[ContractDifference], acceptances: Sequence[Acceptance]
) -> tuple[ContractDifference, ...]:
    """Marks the differences that were accepted.

    Args:
        differences: All of a model.
        acceptances: By rule and subject.

    Raises:
        ContractError: If one matches nothing: what it names did not happen, or
            no longer does.
    """
    by_name = {acceptance.name: acceptance for acceptance in acceptances}
    marked = tuple(d.model_copy(update={"accepted": by_name.get(d.name)}) for d in differences)
    if unused := by_name.keys() - {difference.name for difference in marked}:
        raise ContractError(
            f"Acceptances match nothing: expected a difference for each, found none for"
            f" {listing(unused)}. Remove them, or mend rule or subject, in --accept."
        )
    return marked
