"""The tables of MobileNet V3 and its relatives, one row a layer.

Sources: arXiv:1905.02244, Tables 1 (large) and 2 (small). The minimalistic
networks and MobilenetEdgeTPU are those that TF-Slim published beside them.
"""

import re
from dataclasses import dataclass, replace

from slim_nets.layers.protocol import Activation, BatchNorm

# With slim.batch_norm's default.
BATCH_NORM = BatchNorm(epsilon=0.001)


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution over the whole image (Table 1, "conv2d").

    Attributes:
        kernel_size: Height and width of the kernel, in pixels.
        num_outputs: Channels at depth multiplier 1.
        activation: What follows the normalizer ("NL").
        stride: Step in pixels, SAME padding.
        batch_norm: None, with a bias instead, for the rows that the paper marks NBN.
    """

    kernel_size: int
    num_outputs: int
    activation: Activation
    stride: int
    batch_norm: BatchNorm | None = BATCH_NORM


@dataclass(frozen=True, slots=True)
class Bneck:
    """An inverted residual block (Table 1, "bneck").

    Attributes:
        kernel_size: Height and width of the depthwise kernel, in pixels.
        exp_size: Channels inside the block at depth multiplier 1. At other
            multipliers its ratio to the block's input channels is kept.
        num_outputs: Channels after the block at depth multiplier 1.
        squeeze_excite: Whether a squeeze-and-excite gate follows the depthwise
            convolution ("SE").
        activation: The non-linearity inside the block ("NL").
        stride: Step of the depthwise convolution in pixels, SAME padding.
        fused: Whether one full convolution of `kernel_size` takes the place
            of expansion and depthwise convolution (MobilenetEdgeTPU).
        residual: Whether the input is added where the shapes allow it.
    """

    kernel_size: int
    exp_size: int
    num_outputs: int
    squeeze_excite: bool
    activation: Activation
    stride: int
    fused: bool = False
    residual: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """An average over the whole feature map (Table 1, "pool")."""


Row = Conv | Bneck | Pool


@dataclass(frozen=True, slots=True)
class Table:
    """A network before any depth multiplier.

    Attributes:
        scope: Variable scope of everything in it, as in the checkpoints.
        rows: The layers from the image on; `layer_1` is the first.
    """

    scope: str
    rows: tuple[Row, ...]


LARGE = Table(
    "MobilenetV3",
    (
        Conv(3, 16, "hard_swish", 2),
        Bneck(3, 16, 16, False, "relu", 1),
        Bneck(3, 64, 24, False, "relu", 2),
        Bneck(3, 72, 24, False, "relu", 1),
        Bneck(5, 72, 40, True, "relu", 2),
        Bneck(5, 120, 40, True, "relu", 1),
        Bneck(5, 120, 40, True, "relu", 1),
        Bneck(3, 240, 80, False, "hard_swish", 2),
        Bneck(3, 200, 80, False, "hard_swish", 1),
        Bneck(3, 184, 80, False, "hard_swish", 1),
        Bneck(3, 184, 80, False, "hard_swish", 1),
        Bneck(3, 480, 112, True, "hard_swish", 1),
        Bneck(3, 672, 112, True, "hard_swish", 1),
        Bneck(5, 672, 160, True, "hard_swish", 2),
        Bneck(5, 960, 160, True, "hard_swish", 1),
        Bneck(5, 960, 160, True, "hard_swish", 1),
        Conv(1, 960, "hard_swish", 1),
        Pool(),
        Conv(1, 1280, "hard_swish", 1, None),
    ),
)

SMALL = Table(
    "MobilenetV3",
    (
        Conv(3, 16, "hard_swish", 2),
        Bneck(3, 16, 16, True, "relu", 2),
        Bneck(3, 72, 24, False, "relu", 2),
        Bneck(3, 88, 24, False, "relu", 1),
        Bneck(5, 96, 40, True, "hard_swish", 2),
        Bneck(5, 240, 40, True, "hard_swish", 1),
        Bneck(5, 240, 40, True, "hard_swish", 1),
        Bneck(5, 120, 48, True, "hard_swish", 1),
        Bneck(5, 144, 48, True, "hard_swish", 1),
        Bneck(5, 288, 96, True, "hard_swish", 2),
        Bneck(5, 576, 96, True, "hard_swish", 1),
        Bneck(5, 576, 96, True, "hard_swish", 1),
        Conv(1, 576, "hard_swish", 1),
        Pool(),
        Conv(1, 1024, "hard_swish", 1, None),
    ),
)

EDGETPU = Table(
    "MobilenetEdgeTPU",
    (
        Conv(3, 32, "relu", 2),
        Bneck(3, 32, 16, False, "relu", 1, fused=True),
        Bneck(3, 128, 32, False, "relu", 2, fused=True),
        *(Bneck(3, 128, 32, False, "relu", 1, fused=True),) * 3,
        Bneck(3, 256, 48, False, "relu", 2, fused=True),
        *(Bneck(3, 192, 48, False, "relu", 1, fused=True),) * 3,
        Bneck(3, 384, 96, False, "relu", 2),
        *(Bneck(3, 384, 96, False, "relu", 1),) * 3,
        Bneck(3, 768, 96, False, "relu", 1, residual=False),
        *(Bneck(3, 384, 96, False, "relu", 1),) * 3,
        Bneck(5, 768, 160, False, "relu", 2),
        *(Bneck(5, 640, 160, False, "relu", 1),) * 3,
        Bneck(3, 1280, 192, False, "relu", 1),
        Conv(1, 1280, "relu", 1),
    ),
)


def minimalistic(table: Table) -> Table:
    """Derives the minimalistic form of a table.

    Source: TF-Slim's description of the minimalistic checkpoints: no squeeze
    and excite, no 5x5 kernels, and relu for every hard-swish.

    Args:
        table: Of a MobileNet V3.

    Returns:
        The same rows without what makes them slow on plain hardware.
    """
    return replace(table, rows=tuple(map(_plain, table.rows)))


def _plain(row: Row) -> Row:
    match row:
        case Bneck():
            return replace(row, kernel_size=3, squeeze_excite=False, activation="relu")
        case Conv():
            return replace(row, activation="relu")
        case Pool():
            return row


_LAYER = re.compile(r"/layer_(\d+)(?:/|$)")
_SCOPE = re.compile(r"^[^/]+/(expanded_conv|Conv)(?:_(\d+))?/")
_KINDS: dict[str, type[Row]] = {"expanded_conv": Bneck, "Conv": Conv}


def row_of(name: str, table: Table) -> str:
    """Describes the row that an end point or a variable belongs to, as `Network.row_of` says."""
    rows = table.rows
    number = 0
    if match := _LAYER.search(name):
        number = int(match[1])
    elif match := _SCOPE.match(name):
        kind, place = _KINDS[match[1]], int(match[2] or 0)
        numbers = [n for n, row in enumerate(rows, start=1) if isinstance(row, kind)]
        number = numbers[place] if place < len(numbers) else 0
    if not 1 <= number <= len(rows):
        return ""
    return f"row {number} of {len(rows)}: {_describe(rows[number - 1])}"


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
