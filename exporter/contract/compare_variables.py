"""Compares variables, and the lists that hold them."""

from collections import Counter
from collections.abc import Iterator, Mapping

from exporter.contract.change import (
    NONE,
    Change,
    first_difference,
    removed_and_added,
    text_of,
)
from exporter.contract.record import VARIABLE_LISTS, Contract, Variable, VariableList
from exporter.errors import listing

_FIELDS = {
    "dtype": "C70",
    "trainable": "C71",
    "synchronization": "C72",
    "aggregation": "C72",
    "path": "C73",
}
_ENTERED = dict(zip(VARIABLE_LISTS, ("C77", "C78"), strict=True))


def renamed_variables(locked: Contract, found: Contract) -> dict[str, str]:
    """Finds variables of other names that have the places of locked ones.

    Returns:
        New names by the old ones: of variables at the same place of lists that
        are equally long, of the same shape and dtype.
    """
    renamed: dict[str, str] = {}
    for name in VARIABLE_LISTS:
        if name in locked.lists and name in found.lists:
            lists = locked.lists[name].names, found.lists[name].names
            if len(lists[0]) == len(lists[1]):
                renamed |= {
                    a: b
                    for a, b in zip(*lists, strict=True)
                    if a not in found.variables
                    and b not in locked.variables
                    and _alike(locked.variables[a], found.variables[b])
                }
    return renamed


def _alike(old: Variable, new: Variable) -> bool:
    return (old.dtype, old.shape) == (new.dtype, new.shape)


def compare_variables(
    locked: Contract, found: Contract, renamed: Mapping[str, str]
) -> Iterator[Change]:
    """Yields differences of variables, lists and index.

    Args:
        locked: What is locked.
        found: What the model has.
        renamed: As `renamed_variables` says.
    """
    for old_name, new_name in renamed.items():
        yield Change("C68", f"variable '{old_name}'", old_name, new_name)
    old = {renamed.get(name, name): variable for name, variable in locked.variables.items()}
    yield from removed_and_added(old, found.variables, ("C66", "C67"), "variable '{}'")
    for name in old.keys() & found.variables.keys():
        yield from _compare(f"variable '{name}'", old[name], found.variables[name])
    apart = old.keys() ^ found.variables.keys()
    for name in VARIABLE_LISTS:
        yield from _compare_lists(name, locked, found, renamed, apart)
    if found.index_mismatches:
        told = listing(found.index_mismatches)
        yield Change("C81", "variables.index", "all variables", told)


def _compare(subject: str, old: Variable, new: Variable) -> Iterator[Change]:
    if old.shape != new.shape:
        yield Change("C69", subject, text_of(old.shape), text_of(new.shape))
    for field, rule in _FIELDS.items():
        before, now = getattr(old, field), getattr(new, field)
        if before != now:
            yield Change(rule, subject, f"{field} {before}", f"{field} {now}")


def _compare_lists(
    name: str, locked: Contract, found: Contract, renamed: Mapping[str, str], apart: set[str]
) -> Iterator[Change]:
    """Compares one list; `apart` are the variables that only one side has at all."""
    if name not in found.lists or name not in locked.lists:
        if name in locked.lists:
            yield Change("C74", name, f"{len(locked.lists[name].names)} variables", NONE)
        elif name in found.lists:
            yield Change("C75", name, NONE, f"{len(found.lists[name].names)} variables")
        return
    new = found.lists[name]
    names = tuple(renamed.get(n, n) for n in locked.lists[name].names)
    old = VariableList(names=names, order=locked.lists[name].order)
    counts = Counter(old.names), Counter(new.names)
    for variable in sorted((counts[0] - counts[1]).keys() - apart):
        yield Change(
            "C76", f"{name}: '{variable}'", _times(counts[0][variable]), _times(counts[1][variable])
        )
    for variable in sorted((counts[1] - counts[0]).keys() - apart):
        rule = _ENTERED[name]
        yield Change(
            rule, f"{name}: '{variable}'", _times(counts[0][variable]), _times(counts[1][variable])
        )
    yield from _compare_order(name, old, new)


def _times(count: int) -> str:
    return {0: "not in it", 1: "in it"}.get(count, f"in it {count} times")


def _compare_order(name: str, old: VariableList, new: VariableList) -> Iterator[Change]:
    shared = Counter(old.names) & Counter(new.names)
    kept = [[n for n in dict.fromkeys(names) if n in shared] for names in (old.names, new.names)]
    if kept[0] != kept[1]:
        once = (
            old.order == "arbitrary"
            and new.order == "network"
            and Counter(old.names) == Counter(new.names)
        )
        expected, found = first_difference(*kept)
        if once:
            expected = f"no order, {expected}"
            found = f"the network's order, {found}; convert positional files by name"
        yield Change("C80" if once else "C79", f"order of {name}", expected, found)
