"""Compares a model's contract with the locked one, and marks what was accepted."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from exporter.contract.compare_functions import compare_functions, compare_losses
from exporter.contract.compare_variables import compare_variables, renamed_variables
from exporter.contract.contract_rules import contract_rules
from exporter.contract.deviation import Deviation, added, changed, default_text, named, tensors
from exporter.contract.diff import Acceptance, ContractDifference
from exporter.contract.form import APART, Contract, Signature, SignatureTensor
from exporter.contract.ops import compare_ops
from exporter.contract.private_parts import compare_private, without_private
from exporter.errors import ContractError, listing

# Growth of all files together beyond which a larger model is told.
_MAX_GROWTH = 1.5
# What is said of False, and of True.
_UPDATES = ("updates none", "updates variables").__getitem__
_ATTRIBUTE = ("not in model.signatures", "in model.signatures").__getitem__
_TEXTS = {"tensorflow_version": "C03", "description": "C04", "saver": "C05"}
_INPUTS = {"dtype": "C25", "freed": "C26", "last freed": "C26", "fixed": "C27"}
_OUTPUTS = {**_INPUTS, "last freed": "C91"}


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
    yield from compare_private(locked, found)
    locked, found = map(without_private, (locked, found))
    renamed = renamed_variables(locked, found)
    yield from _compare_model(locked, found)
    rules = ("C14", "C15")
    yield from named(locked.signatures, found.signatures, rules, "signature", _signature)
    yield from compare_functions(locked.functions, found.functions, renamed)
    yield from compare_losses(locked.losses or (), found.losses or (), renamed)
    yield from compare_variables(locked, found, renamed)
    yield from compare_ops(locked.ops, found.ops)


def _classed(same: list[Deviation]) -> ContractDifference:
    told = same[0]._asdict()
    told["where"] = "; ".join(sorted({deviation.where for deviation in same} - {""}))
    told.pop("training")
    training = all(deviation.training for deviation in same)
    rule = contract_rules()[told["rule"]]
    classes = rule.classes_in_training_mode if training else rule.classes
    return ContractDifference(**told, title=rule.title, classes=classes)


def _compare_model(locked: Contract, found: Contract) -> Iterator[Deviation]:
    """Yields differences of tags, versions, saver, assets, size and children of the root."""
    yield from changed("C01", "tags", list(locked.tags), list(found.tags))
    for field in ("saved_model_schema", "min_consumer"):
        old, new = getattr(locked, field), getattr(found, field)
        yield from changed("C02", field, old, max(old, new))
    for field, rule in _TEXTS.items():
        yield from changed(rule, field, getattr(locked, field), getattr(found, field), repr)
    if locked.sizes != found.sizes:
        before, now = (c.sizes.saved_model + c.sizes.variables for c in (locked, found))
        rule = "C06" if now > before * _MAX_GROWTH else "C07"
        yield Deviation(rule, "size", f"{before:,} bytes", f"{now:,} bytes")
    digests = partial(changed, "C10", told="sha256 {}".format)
    yield from named(locked.assets, found.assets, ("C08", "C09"), "asset", digests)
    yield from _compare_children(locked, found)


def _compare_children(locked: Contract, found: Contract) -> Iterator[Deviation]:
    apart = APART | locked.functions.keys() | found.functions.keys()
    old, new = (
        {name: kind for name, kind in contract.children.items() if name not in apart}
        for contract in (locked, found)
    )
    yield from named(old, new, ("C11", "C12"), "child")
    yield from changed("C13", "root", locked.root, found.root)
    for name in locked.children.keys() & found.children.keys():
        yield from changed("C13", f"child '{name}'", locked.children[name], found.children[name])


def _signature(name: str, old: Signature, new: Signature) -> Iterator[Deviation]:
    yield from changed("C16", f"{name}: method", old.method_name, new.method_name, repr)
    yield from changed("C90", name, old.updates, new.updates, _UPDATES)
    rule = "C93" if new.attribute else "C92"
    yield from changed(rule, name, old.attribute, new.attribute, _ATTRIBUTE)
    rules = ("C17", added("C18", "C19"))
    yield from named(old.inputs, new.inputs, rules, f"{name}: input", _input)
    one_more = "C23" if len(old.outputs) == 1 else "C24"
    yield from named(old.outputs, new.outputs, ("C22", one_more), f"{name}: output", _output)


def _input(subject: str, old: SignatureTensor, new: SignatureTensor) -> Iterator[Deviation]:
    rule = "C21" if old.default is None else "C20"
    told = partial(default_text, without="no default")
    yield from changed(rule, subject, old.default, new.default, told)
    yield from tensors(subject, old, new, _INPUTS)
    yield from changed("C28", subject, old.tensor, new.tensor)


def _output(subject: str, old: SignatureTensor, new: SignatureTensor) -> Iterator[Deviation]:
    yield from tensors(subject, old, new, _OUTPUTS)
    yield from changed("C28", subject, old.tensor, new.tensor)


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
