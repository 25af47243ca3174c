"""Compares what a model is as a whole, and its ops."""

from collections.abc import Iterator, Mapping

from exporter.contract.change import NONE, Change, removed_and_added
from exporter.contract.record import (
    LOSSES,
    SIGNATURES,
    VARIABLE_LISTS,
    Contract,
    Op,
    Place,
)
from exporter.contract.rules import MAX_GROWTH, SAVER_OPS

# They have rules of their own.
_NO_CHILDREN = frozenset({SIGNATURES, LOSSES, *VARIABLE_LISTS})
_STATEFUL: tuple[tuple[Place, str], ...] = (
    ("signatures", "C84"),
    ("inference", "C85"),
    ("training", "C86"),
)


def compare_model(locked: Contract, found: Contract) -> Iterator[Change]:
    """Yields differences of tags, versions, saver, assets, size and children of the root."""
    if locked.tags != found.tags:
        yield Change("C01", "tags", str(list(locked.tags)), str(list(found.tags)))
    for field in ("saved_model_schema", "min_consumer"):
        old, new = getattr(locked, field), getattr(found, field)
        if new > old:
            yield Change("C02", field, str(old), str(new))
    texts = {"tensorflow_version": "C03", "description": "C04", "saver": "C05"}
    for field, rule in texts.items():
        old, new = getattr(locked, field), getattr(found, field)
        if old != new:
            yield Change(rule, field, repr(old), repr(new))
    yield from _compare_size(locked, found)
    yield from removed_and_added(locked.assets, found.assets, ("C08", "C09"), "asset '{}'")
    for name in locked.assets.keys() & found.assets.keys():
        if locked.assets[name] != found.assets[name]:
            old, new = locked.assets[name], found.assets[name]
            yield Change("C10", f"asset '{name}'", f"sha256 {old}", f"sha256 {new}")
    yield from _compare_children(locked, found)


def _compare_size(locked: Contract, found: Contract) -> Iterator[Change]:
    old, new = (c.sizes.saved_model + c.sizes.variables for c in (locked, found))
    if locked.sizes != found.sizes:
        rule = "C06" if new > old * MAX_GROWTH else "C07"
        yield Change(rule, "size", f"{old:,} bytes", f"{new:,} bytes")


def _compare_children(locked: Contract, found: Contract) -> Iterator[Change]:
    apart = _NO_CHILDREN | locked.functions.keys() | found.functions.keys()
    old, new = (
        {name: kind for name, kind in contract.children.items() if name not in apart}
        for contract in (locked, found)
    )
    yield from removed_and_added(old, new, ("C11", "C12"), "child '{}'")
    if locked.root != found.root:
        yield Change("C13", "root", locked.root, found.root)
    for name in locked.children.keys() & found.children.keys():
        kinds = locked.children[name], found.children[name]
        if kinds[0] != kinds[1]:
            yield Change("C13", f"child '{name}'", *kinds)


def compare_ops(locked: Mapping[str, Op], found: Mapping[str, Op]) -> Iterator[Change]:
    """Yields ops that were removed or added, or are used where they were not."""
    for name in locked.keys() - found.keys():
        yield Change("C89", f"op '{name}'", ", ".join(locked[name].places), NONE)
    for name, op in found.items():
        before = locked[name].places if name in locked else ()
        places = [place for place in op.places if place not in before]
        for rule in sorted(_rules_of(name, op, set(places), new=name not in locked)):
            told = ", ".join(before) or NONE
            yield Change(rule, f"op '{name}'", told, ", ".join(op.places))


def _rules_of(name: str, op: Op, places: set[Place], *, new: bool) -> set[str]:
    """Names the rules for an op that is used in more places than before."""
    if op.kind == "unknown":
        return {"C82"} if new else set()
    if name in SAVER_OPS:
        # What nothing runs is a saver that nothing names.
        places = places - {"saver", "elsewhere"}
        if new and not places:
            return {"C88"}
    if op.kind == "outside":
        return {"C83"} if places else set()
    if op.kind == "stateful":
        told = {rule for place, rule in _STATEFUL if place in places}
        return told or ({"C87"} if new else set())
    return {"C87"} if new else set()
