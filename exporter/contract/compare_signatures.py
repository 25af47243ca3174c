"""Compares signatures."""

from collections.abc import Iterator, Mapping

from exporter.contract.change import (
    NONE,
    Change,
    removed_and_added,
    shape_change,
    text_of,
)
from exporter.contract.record import Signature, SignatureTensor

_INPUT_SHAPES = {"freed": "C26", "last freed": "C26", "fixed": "C27"}
_OUTPUT_SHAPES = {**_INPUT_SHAPES, "last freed": "C91"}


def compare_signatures(
    old: Mapping[str, Signature], new: Mapping[str, Signature]
) -> Iterator[Change]:
    """Yields differences of all signatures."""
    yield from removed_and_added(old, new, ("C14", "C15"), "signature '{}'")
    for name in old.keys() & new.keys():
        yield from _compare(f"signature '{name}'", old[name], new[name])


def _compare(name: str, old: Signature, new: Signature) -> Iterator[Change]:
    if old.method_name != new.method_name:
        yield Change("C16", f"{name}: method", repr(old.method_name), repr(new.method_name))
    if old.updates != new.updates:
        does = {True: "updates variables", False: "updates none"}
        yield Change("C90", name, does[old.updates], does[new.updates])
    if old.attribute != new.attribute:
        rule = "C93" if new.attribute else "C92"
        where = {True: "in model.signatures", False: "not in model.signatures"}
        yield Change(rule, name, where[old.attribute], where[new.attribute])
    added = "C23" if len(old.outputs) == 1 else "C24"
    outputs = f"{name}: output '{{}}'"
    yield from removed_and_added(old.outputs, new.outputs, ("C22", added), outputs)
    for key in old.inputs.keys() - new.inputs.keys():
        yield Change("C17", f"{name}: input '{key}'", "it is there", NONE)
    for key in new.inputs.keys() - old.inputs.keys():
        default = new.inputs[key].default
        rule, told = ("C18", "required") if default is None else ("C19", f"default {default}")
        yield Change(rule, f"{name}: input '{key}'", NONE, told)
    for key in old.inputs.keys() & new.inputs.keys():
        subject = f"{name}: input '{key}'"
        yield from _compare_default(subject, old.inputs[key].default, new.inputs[key].default)
        yield from _compare_tensors(subject, (old.inputs[key], new.inputs[key]), _INPUT_SHAPES)
    for key in old.outputs.keys() & new.outputs.keys():
        subject = f"{name}: output '{key}'"
        yield from _compare_tensors(subject, (old.outputs[key], new.outputs[key]), _OUTPUT_SHAPES)


def _compare_default(subject: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old != new:
        yield Change("C21" if old is None else "C20", subject, _default(old), _default(new))


def _default(value: str | None) -> str:
    return "no default" if value is None else f"default {value}"


def _compare_tensors(
    subject: str, tensors: tuple[SignatureTensor, SignatureTensor], shapes: Mapping[str, str]
) -> Iterator[Change]:
    old, new = tensors
    if old.dtype != new.dtype:
        yield Change("C25", subject, old.dtype, new.dtype)
    how = shape_change(old.shape, new.shape)
    if how != "same":
        yield Change(shapes[how], subject, text_of(old.shape), text_of(new.shape))
    if old.tensor != new.tensor:
        yield Change("C28", subject, old.tensor, new.tensor)
