"""One way in which a model differs from its contract, before it is classed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.contract.record import Shape

NONE = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference.

    Attributes:
        rule: Number of the rule that it falls under.
        subject: What differs, without what can change from model to model.
        expected: What is locked.
        found: What the model has.
        where: In which traces, where it is about one.
        training: Whether it is about training mode alone.
    """

    rule: str
    subject: str
    expected: str
    found: str
    where: str = ""
    training: bool = False


def removed_and_added(
    old: Mapping[str, object], new: Mapping[str, object], rules: tuple[str, str], subject: str
) -> Iterator[Change]:
    """Yields what is on one side only.

    Args:
        old: What is locked, by name.
        new: What the model has, by name.
        rules: For what was removed, and for what was added.
        subject: With a place for the name.
    """
    for name in old.keys() - new.keys():
        yield Change(rules[0], subject.format(name), "it is there", NONE)
    for name in new.keys() - old.keys():
        yield Change(rules[1], subject.format(name), NONE, "it is there")


def shape_change(old: Shape, new: Shape) -> Literal["same", "freed", "last freed", "fixed"]:
    """Compares shapes.

    Returns:
        "freed" if all that fitted the old one fit the new one, "last freed" if
        the last dimension of several, or the rank, is among what was freed.
    """
    if old == new:
        return "same"
    if new is None:
        return "last freed"
    if old is None or len(old) != len(new):
        return "fixed"
    if any(b is not None and a != b for a, b in zip(old, new, strict=True)):
        return "fixed"
    return "last freed" if len(new) > 1 and old[-1] != new[-1] else "freed"


def text_of(shape: Shape) -> str:
    """Writes a shape."""
    return "any shape" if shape is None else str(list(shape))


def first_difference(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """Writes the first place at which two orders of the same names differ."""
    place = next(i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)
    return f"'{old[place]}' at {place}", f"'{new[place]}' at {place}"
