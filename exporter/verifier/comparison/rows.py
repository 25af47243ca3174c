"""Says to which row of a network's table an end point or a variable belongs."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from slim_nets.specs import Bneck, Conv, Pool, Row
from slim_nets.variants import NAMED, TASKS, Task, Variant, customized

_LAYER = re.compile(r"/layer_(\d+)(?:/|$)")
_SCOPE = re.compile(r"^[^/]+/(expanded_conv|Conv)(?:_(\d+))?/")
_KINDS: dict[str, type[Row]] = {"expanded_conv": Bneck, "Conv": Conv}


def recognized(
    variables: Mapping[str, np.ndarray], image_size: tuple[int, int] | None
) -> tuple[Variant, Task] | None:
    """Finds the network that has these variables, in name and shape.

    Args:
        variables: By name.
        image_size: Height and width of the model's images.

    Returns:
        One of the named variants, at that image size; None if none fits.
    """
    if image_size is None or image_size[0] != image_size[1]:
        return None
    shapes = {name: value.shape for name, value in variables.items()}
    for named in NAMED.values():
        for task in TASKS:
            specs = named.shape(task).variables
            if shapes == {spec.name: tuple(spec.shape) for spec in specs}:
                try:
                    return customized(named, image_size=image_size[0]), task
                except ValueError:
                    return None
    return None


def row_of(name: str, variant: Variant) -> str:
    """Describes the row of the table that an end point or a variable belongs to.

    Args:
        name: Such as `MobilenetV3/layer_4/output` or `MobilenetV3/expanded_conv_2/project/weights`.
        variant: Which network.

    Returns:
        Such as "row 4 of 15 of mobilenet_v3_small_075_224: bneck 3x3, ..."; empty
        for what comes after the table.
    """
    rows = variant.spec.rows
    number = _row_number(name, rows)
    if number is None or not 1 <= number <= len(rows):
        return ""
    return f"row {number} of {len(rows)} of {variant.name}: {_describe(rows[number - 1])}"


def _row_number(name: str, rows: Sequence[Row]) -> int | None:
    if match := _LAYER.search(name):
        return int(match[1])
    if match := _SCOPE.match(name):
        kind = _KINDS[match[1]]
        numbers = [n for n, row in enumerate(rows, start=1) if isinstance(row, kind)]
        place = int(match[2] or 0)
        return numbers[place] if place < len(numbers) else None
    return None


def _describe(row: Row) -> str:
    match row:
        case Pool():
            return "pool"
        case Conv():
            kind, more = "conv", ""
        case Bneck():
            kind = "fused bneck" if row.fused else "bneck"
            more = f", exp_size {row.exp_size}" + (", squeeze_excite" * row.squeeze_excite)
    return (
        f"{kind} {row.kernel_size}x{row.kernel_size}{more}, num_outputs {row.num_outputs},"
        f" {row.activation}, stride {row.stride}"
    )
