"""One way in which a model differs from its contract, and what finds the usual ones."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeVar

from exporter.contract.form import Argument, Shape, SignatureTensor, Tensor

T = TypeVar("T")

THERE, NONE = "it is there", "none"


class Deviation(NamedTuple):
    """A difference, before it is classed.

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


def changed(
    rule: str, subject: str, old: T, new: T, told: Callable[[T], str] = str
) -> Iterator[Deviation]:
    """Yields that a value is another one; `told` writes values."""
    if old != new:
        yield Deviation(rule, subject, told(old), told(new))


def named(
    old: Mapping[str, T],
    new: Mapping[str, T],
    rules: tuple[str, str | Callable[[T], tuple[str, str]]],
    kind: str,
    compared: Callable[[str, T, T], Iterator[Deviation]] | None = None,
) -> Iterator[Deviation]:
    """Yields how things differ that have names.

    Args:
        old: What is locked, by name.
        new: What the model has, by name.
        rules: For what was removed, and for what was added, or a function that
            says rule and text for that.
        kind: What they are; subjects are made of it and the name.
        compared: Compares, under a subject, what both have.
    """
    removed, added = rules
    for name in old.keys() - new.keys():
        yield Deviation(removed, f"{kind} '{name}'", THERE, NONE)
    for name in new.keys() - old.keys():
        rule, told = added(new[name]) if callable(added) else (added, THERE)
        yield Deviation(rule, f"{kind} '{name}'", NONE, told)
    if compared is not None:
        for name in old.keys() & new.keys():
            yield from compared(f"{kind} '{name}'", old[name], new[name])


def added(required: str, optional: str) -> Callable[[Argument | SignatureTensor], tuple[str, str]]:
    """Returns what `named` is told of an argument or input that was added, by its default."""
    return lambda new: (required if new.default is None else optional, default_text(new.default))


def default_text(default: str | None, without: str = "required") -> str:
    """Writes the default of an argument or input, or what it is without one."""
    return without if default is None else f"default {default}"


def tensors(
    subject: str, old: Tensor, new: Tensor, rules: Mapping[str, str]
) -> Iterator[Deviation]:
    """Yields how dtype and shape differ.

    Args:
        subject: What they are of.
        old: What is locked.
        new: What the model has.
        rules: For another dtype, "dtype", and for what `shape_change` returns.
    """
    yield from changed(rules["dtype"], subject, old.dtype, new.dtype)
    how = shape_change(old.shape, new.shape)
    if how != "same":
        yield from changed(rules[how], subject, old.shape, new.shape, text_of)


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


def text_of(shape: Shape, unknown: str = "any shape") -> str:
    """Writes a shape, or what is said of an unknown rank."""
    return unknown if shape is None else str(list(shape))
