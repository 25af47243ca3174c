"""What the tables of Inception V1 to V3 consist of."""

from dataclasses import dataclass

from slim_nets.layers.protocol import PoolKind, WindowPadding


@dataclass(frozen=True, slots=True)
class Conv2d:
    """A convolution with batch norm and relu.

    Attributes:
        scope: Below that of the network, or of its branch.
        kernel_size: Height and width of the kernel, in pixels.
        num_outputs: Channels after it.
        stride: Step in pixels.
        padding: As TensorFlow defines it.
    """

    scope: str
    kernel_size: tuple[int, int]
    num_outputs: int
    stride: int = 1
    padding: WindowPadding = "SAME"


@dataclass(frozen=True, slots=True)
class SeparableConv2d:
    """A depthwise and a pointwise convolution, then a bias and relu, SAME padding.

    Attributes:
        scope: Below that of the network.
        kernel_size: Height and width of the depthwise kernel, in pixels.
        num_outputs: Channels after both.
        stride: Step in pixels.
        depth_multiplier: Into how many channels the depthwise one makes each.
    """

    scope: str
    kernel_size: tuple[int, int]
    num_outputs: int
    stride: int
    depth_multiplier: int


@dataclass(frozen=True, slots=True)
class Pool2d:
    """A maximum or an average over windows.

    Attributes:
        scope: Below that of the network, or of its branch.
        kind: Which of the two.
        kernel_size: Height and width of the window, in pixels.
        stride: Step in pixels.
        padding: As TensorFlow defines it.
    """

    scope: str
    kind: PoolKind
    kernel_size: tuple[int, int] = (3, 3)
    stride: int = 1
    padding: WindowPadding = "SAME"


@dataclass(frozen=True, slots=True)
class Arms:
    """Convolutions of one input inside a branch, whose channels lie side by side after them.

    Attributes:
        convs: In the order of their channels.
    """

    convs: tuple[Conv2d, ...]


@dataclass(frozen=True, slots=True)
class Mixed:
    """Branches from one input, whose channels lie side by side after them.

    Attributes:
        scope: Below that of the network; in it lie `Branch_0` and so on.
        branches: What each does, one after the other.
    """

    scope: str
    branches: tuple[tuple[Conv2d | Pool2d | Arms, ...], ...]


InceptionRow = Conv2d | SeparableConv2d | Pool2d | Mixed


@dataclass(frozen=True, slots=True)
class InceptionTable:
    """A network.

    Attributes:
        scope: Variable scope of everything in it, as in the checkpoints.
        rows: From the image to the pooled feature map.
        logits: Scope of the last convolution, below `Logits`.
        pre_logits: Whether what enters it, after dropout, is an end point.
    """

    scope: str
    rows: tuple[InceptionRow, ...]
    logits: str
    pre_logits: bool


def row_of(name: str, table: InceptionTable) -> str:
    """Describes the row that an end point or a variable belongs to, as `Network.row_of` says."""
    scope = name.removeprefix(f"{table.scope}/").partition("/")[0]
    for number, row in enumerate(table.rows, start=1):
        if row.scope == scope:
            return f"row {number} of {len(table.rows)}: {_described(row)}"
    return ""


def _described(row: InceptionRow) -> str:
    match row:
        case Mixed():
            branches = (", ".join(map(_step, branch)) for branch in row.branches)
            return "branches " + " | ".join(branches)
        case Pool2d():
            return f"{_step(row)}, padding {row.padding}"
        case SeparableConv2d():
            return f"separable {_window(row)}, num_outputs {row.num_outputs}"
        case Conv2d():
            return f"conv {_window(row)}, num_outputs {row.num_outputs}, padding {row.padding}"


def _step(step: Conv2d | Pool2d | Arms) -> str:
    """Describes a step of a branch, such as `3x3 stride 2 to 384`."""
    match step:
        case Arms():
            return "(" + " beside ".join(map(_step, step.convs)) + ")"
        case Pool2d():
            return f"{step.kind} {_window(step)}"
        case Conv2d():
            return f"{_window(step)} to {step.num_outputs}"


def _window(row: Conv2d | SeparableConv2d | Pool2d) -> str:
    height, width = row.kernel_size
    return f"{height}x{width}" + (f" stride {row.stride}" if row.stride > 1 else "")
