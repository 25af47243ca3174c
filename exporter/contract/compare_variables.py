"""Compares variables, and the lists that hold them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from exporter.contract.deviation import NONE, Deviation, changed, named, text_of
from exporter.contract.form import VARIABLE_LISTS, Contract, Variable, VariableList
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
        old, new = (c.lists[name].names if name in c.lists else () for c in (locked, found))
        if len(old) == len(new):
            renamed |= {
                a: b
                for a, b in zip(old, new, strict=True)
                if a not in found.variables
                and b not in locked.variables
                and _alike(locked.variables[a], found.variables[b])
            }
    return renamed


def _alike(old: Variable, new: Variable) -> bool:
    return (old.dtype, old.shape) == (new.dtype, new.shape)


def compare_variables(
    locked: Contract, found: Contract, renamed: Mapping[str, str]
) -> Iterator[Deviation]:
    """Yields differences of variables, lists and index.

    Args:
        locked: What is locked.
        found: What the model has.
        renamed: As `renamed_variables` says.
    """
    for before, now in renamed.items():
        yield Deviation("C68", f"variable '{before}'", before, now)
    old = {renamed.get(name, name): variable for name, variable in locked.variables.items()}
    yield from named(old, found.variables, ("C66", "C67"), "variable", _compare)
    apart = old.keys() ^ found.variables.keys()
    for name in VARIABLE_LISTS:
        lists = locked.lists.get(name), found.lists.get(name)
        if lists[0] is not None and lists[1] is not None:
            names = tuple(renamed.get(n, n) for n in lists[0].names)
            before_renamed = lists[0].model_copy(update={"names": names})
            yield from _compare_lists(name, before_renamed, lists[1], apart)
        elif lists[0] is not None:
            yield Deviation("C74", name, f"{len(lists[0].names)} variables", NONE)
        elif lists[1] is not None:
            yield Deviation("C75", name, NONE, f"{len(lists[1].names)} variables")
    if found.index_mismatches:
        told = listing(found.index_mismatches)
        yield Deviation("C81", "variables.index", "all variables", told)


def _compare(subject: str, old: Variable, new: Variable) -> Iterator[Deviation]:
    yield from changed("C69", subject, old.shape, new.shape, text_of)
    for field, rule in _FIELDS.items():
        told = f"{field} {{}}".format
        yield from changed(rule, subject, getattr(old, field), getattr(new, field), told)


def _compare_lists(
    name: str, old: VariableList, new: VariableList, apart: set[str]
) -> Iterator[Deviation]:
    """Compares one list; `apart` are the variables that only one side has at all."""
    before, now = Counter(old.names), Counter(new.names)
    for rule, moved in (("C76", before - now), (_ENTERED[name], now - before)):
        for variable in moved.keys() - apart:
            times = before[variable], now[variable]
            yield from changed(rule, f"{name}: '{variable}'", *times, _times)
    shared = before & now
    kept = [[n for n in dict.fromkeys(names) if n in shared] for names in (old.names, new.names)]
    if kept[0] != kept[1]:
        expected, found = _first_difference(*kept)
        # Only the step out of no order at all is free.
        once = (old.order, new.order) == ("arbitrary", "network") and before == now
        if once:
            expected = f"no order, {expected}"
            found = f"the network's order, {found}; convert positional files by name"
        yield Deviation("C80" if once else "C79", f"order of {name}", expected, found)


def _times(count: int) -> str:
    return {0: "not in it", 1: "in it"}.get(count, f"in it {count} times")


def _first_difference(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """Writes the first place at which two orders of the same names differ."""
    place = next(i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)
    return f"'{old[place]}' at {place}", f"'{new[place]}' at {place}"
