"""Compares what a model is as a whole, and its signatures."""

from collections.abc import Iterator
from functools import partial

from exporter.contract.deviation import (
    Deviation,
    changed,
    default_text,
    flipped,
    named,
    tensors,
)
from exporter.contract.form import (
    LOSSES,
    SIGNATURES,
    VARIABLE_LISTS,
    Contract,
    Signature,
    SignatureTensor,
)

# Growth of all files together beyond which a larger model is told.
_MAX_GROWTH = 1.5
# They have rules of their own.
_NO_CHILDREN = frozenset({SIGNATURES, LOSSES, *VARIABLE_LISTS})
_TEXTS = {"tensorflow_version": "C03", "description": "C04", "saver": "C05"}
_INPUTS = {"dtype": "C25", "freed": "C26", "last freed": "C26", "fixed": "C27"}
_OUTPUTS = {**_INPUTS, "last freed": "C91"}


def compare_model(locked: Contract, found: Contract) -> Iterator[Deviation]:
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
    apart = _NO_CHILDREN | locked.functions.keys() | found.functions.keys()
    old, new = (
        {name: kind for name, kind in contract.children.items() if name not in apart}
        for contract in (locked, found)
    )
    yield from named(old, new, ("C11", "C12"), "child")
    yield from changed("C13", "root", locked.root, found.root)
    for name in locked.children.keys() & found.children.keys():
        yield from changed("C13", f"child '{name}'", locked.children[name], found.children[name])


def compare_signatures(locked: Contract, found: Contract) -> Iterator[Deviation]:
    """Yields differences of all signatures."""
    rules = ("C14", "C15")
    yield from named(locked.signatures, found.signatures, rules, "signature", _compare)


def _compare(name: str, old: Signature, new: Signature) -> Iterator[Deviation]:
    yield from changed("C16", f"{name}: method", old.method_name, new.method_name, repr)
    does = ("updates none", "updates variables")
    yield from flipped(("C90", "C90"), name, (old.updates, new.updates), does)
    where = ("not in model.signatures", "in model.signatures")
    yield from flipped(("C92", "C93"), name, (old.attribute, new.attribute), where)
    yield from named(old.inputs, new.inputs, ("C17", _new_input), f"{name}: input", _input)
    added = "C23" if len(old.outputs) == 1 else "C24"
    yield from named(old.outputs, new.outputs, ("C22", added), f"{name}: output", _output)


def _new_input(tensor: SignatureTensor) -> tuple[str, str]:
    return "C18" if tensor.default is None else "C19", default_text(tensor.default)


def _input(subject: str, old: SignatureTensor, new: SignatureTensor) -> Iterator[Deviation]:
    rule = "C21" if old.default is None else "C20"
    told = partial(default_text, without="no default")
    yield from changed(rule, subject, old.default, new.default, told)
    yield from tensors(subject, old, new, _INPUTS)
    yield from changed("C28", subject, old.tensor, new.tensor)


def _output(subject: str, old: SignatureTensor, new: SignatureTensor) -> Iterator[Deviation]:
    yield from tensors(subject, old, new, _OUTPUTS)
    yield from changed("C28", subject, old.tensor, new.tensor)
