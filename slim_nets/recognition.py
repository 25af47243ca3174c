"""Finds the network, and its classes and widths, that has given variables."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slim_nets.network import TASKS, Task
from slim_nets.registry import Variant, resized, variants


def recognized(
    variables: Mapping[str, Any], image_size: tuple[int | None, int | None] | None
) -> tuple[Variant, Task] | None:
    """Finds the network that has these variables.

    Args:
        variables: Arrays by name, of which the shapes count.
        image_size: Height and width of the model's images, None for those that are free; None
            for a model of other things.

    Returns:
        One of the named variants, at that image size and with the classes and widths of the
        variables, and the task; None if none fits. Variables do not tell which size is usual
        where sizes are free: then it is the first of those of that network and multiplier.
    """
    if image_size is None:
        return None
    shapes = {name: tuple(value.shape) for name, value in variables.items()}
    for named in variants().values():
        for task in TASKS:
            found = fitted(named, shapes, task)
            if found is not None and len(found.shape(task).variables) == len(shapes):
                at_size = _at(found, image_size)
                return None if at_size is None else (at_size, task)
    return None


def _at(variant: Variant, image_size: tuple[int | None, int | None]) -> Variant | None:
    """Returns the variant at a size; as it is if that is free, None if it takes no such images."""
    height, width = image_size
    if height is None or width is None:
        return variant
    try:
        return resized(variant, image_size=(height, width))
    except ValueError:
        return None


def fitted(variant: Variant, shapes: Mapping[str, tuple[int, ...]], task: Task) -> Variant | None:
    """Finds the classes and widths with which a network has the variables that are there.

    Args:
        variant: Which network; of its own classes, or of as many as the logits that are there.
        shapes: Of what is there, by name.
        task: What it ends with.

    Returns:
        The variant, its classes None where they are as many as were published; None if it
        has other variables with any classes and widths.
    """
    classes = variant.own_classes or classes_in(variant, shapes)
    for widths in ("", *(other.name for other in variant.network.other_widths)):
        candidate = replace(variant, own_classes=classes, widths=widths)
        if all(shapes.get(v.name) == v.shape for v in candidate.shape(task).variables):
            return _as_published(candidate, task)
    return None


def classes_in(variant: Variant, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Reads the size of the logits from the first variable whose shape depends on it.

    Args:
        variant: Which network.
        shapes: Of what is there, by name.

    Returns:
        The size; None if there is no such variable.
    """
    one, two = (replace(variant, own_classes=n).shape("classification") for n in (1, 2))
    for this, that in zip(one.variables, two.variables, strict=True):
        for axis, sizes in enumerate(zip(this.shape, that.shape, strict=True)):
            found = shapes.get(this.name, ())
            if sizes == (1, 2) and len(found) == len(this.shape):
                return found[axis] or None
    return None


def _as_published(variant: Variant, task: Task) -> Variant:
    """Leaves out classes that are as many as were published, or that the task has not."""
    if task == "classification" and variant.own_classes != variant.network.num_classes:
        return variant
    return replace(variant, own_classes=None)
