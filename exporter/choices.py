"""What people choose by name: the variant of a network, and the task."""

import math
import re
import struct

from exporter import quiet
from exporter.errors import InvalidArgumentError, most_alike, printable
from slim_nets.graph_network import GraphFunction
from slim_nets.network import TASKS, Task
from slim_nets.own_code import REFERENCE
from slim_nets.registry import ImageSize, Variant, resized, variants


def variant_named(
    name: str,
    *,
    depth_multiplier: float | None = None,
    image_size: int | tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> Variant:
    """Finds a variant and changes its size, as `slim_nets.registry.resized` says.

    Raises:
        InvalidArgumentError: If there is none of that name, or a number is out of range.
    """
    named = variants()
    if name not in named:
        raise InvalidArgumentError(
            f"Variant '{name}' is unknown: expected one of {most_alike(name, named)}."
            " See 'slim-export list'."
        )
    try:
        return resized(
            named[name],
            depth_multiplier=depth_multiplier,
            image_size=image_size,
            num_classes=num_classes,
        )
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from error


def variant_of(
    function: GraphFunction,
    *,
    image_size: int | tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> Variant:
    """Makes a variant of a function of one's own.

    Args:
        function: Builds the network, with TF-Slim's convention.
        image_size: Height and width in pixels, one number for both; None for the function's
            `default_image_size`, which is found by importing it. Of a function for images of any
            size, the usual ones.
        num_classes: Size of the logits; None for those of the checkpoint.

    Raises:
        InvalidArgumentError: If the function is not named as it should be, or a number is out of
            range.
        NetworkError: If the function cannot be had.
    """
    for flag, text in (("network", function.function), ("arg_scope", function.arg_scope)):
        if not REFERENCE.fullmatch(text) and (text or flag == "network"):
            raise InvalidArgumentError(
                f"Function '{printable(text)}' is not named as one: expected"
                f" package.module:function. Change --{flag}."
            )
    check_input_range(function.input_range)
    if not re.fullmatch(r"[\w./-]*", function.features):
        raise InvalidArgumentError(
            f"End point '{printable(function.features)}' is not named as one: expected letters,"
            " digits, '_', '.', '/' and '-'. Change --features."
        )
    size = _usual_size(function) if image_size is None else image_size
    try:
        start = Variant(function.name, 1.0, ImageSize(1, 1), graph=function)
        return resized(start, image_size=size, num_classes=num_classes)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from error


def check_input_range(ends: tuple[float, float]) -> None:
    """Refuses what is no range of values.

    Args:
        ends: The least and the largest value.

    Raises:
        InvalidArgumentError: If they are not in that order, or they or what lies between them
            are not finite as float32, which images have.
    """
    low, high = ends
    least, largest, width = map(_as_float32, (low, high, high - low))
    if not (-math.inf < least < largest < math.inf and width < math.inf):
        raise InvalidArgumentError(
            f"Input range {low:g},{high:g} is not a range: expected two numbers, the smaller one"
            " first. Change --input_range."
        )


def _as_float32(value: float) -> float:
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
    return rounded


def _usual_size(function: GraphFunction) -> int:
    quiet.import_tensorflow()
    from slim_nets.graph_calls import usual_size

    return usual_size(function)


def task_named(name: str) -> Task:
    """Finds a task.

    Raises:
        InvalidArgumentError: If there is none of that name.
    """
    for task in TASKS:
        if task == name:
            return task
    raise InvalidArgumentError(
        f"Task '{name}' is unknown: expected {' or '.join(TASKS)}. Change --task."
    )
