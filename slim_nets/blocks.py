"""What several networks are made of."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from slim_nets.layers.protocol import Activation, BatchNorm, ConvLayer, Layers

T = TypeVar("T")


def make_divisible(value: float) -> int:
    """Rounds a number of channels to a multiple of 8, never losing more than 10 %.

    Source: TF-Slim rounds like this; arXiv:1905.02244 does not describe it.

    Args:
        value: Channels wanted, positive.

    Returns:
        The nearest multiple, halves up and at least 8, and the next one where
        that would be less than 0.9 of `value`.
    """
    nearest = max(8, int(value + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * value else nearest


class Scopes:
    """Names scopes as TF-Slim does: the second `Conv` is `Conv_1`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._used: Counter[str] = Counter()

    def unique(self, name: str) -> str:
        """Returns the full name of the next scope of a name."""
        count = self._used[name]
        self._used[name] += 1
        return f"{self._prefix}/{name}_{count}" if count else f"{self._prefix}/{name}"


@dataclass(frozen=True, slots=True)
class InvertedResidual:
    """An inverted residual block with its numbers worked out.

    Attributes:
        scope: Variable scope of the block.
        kernel_size: Height and width of the depthwise kernel, in pixels.
        expanded: Channels inside the block.
        num_outputs: Channels after it.
        stride: Step of the depthwise convolution in pixels.
        activation: The non-linearity inside the block.
        batch_norm: After every convolution.
        weight_decay: Of every kernel that is not depthwise.
        fused: Whether one full convolution of `kernel_size` takes the place
            of expansion and depthwise convolution.
        residual: Whether the input is added where the shapes allow it.
        gate: Takes a feature map, a scope and the layers and returns the gated
            one, after the depthwise convolution; None without.
    """

    scope: str
    kernel_size: int
    expanded: int
    num_outputs: int
    stride: int
    activation: Activation
    batch_norm: BatchNorm
    weight_decay: float
    fused: bool = False
    residual: bool = True
    gate: Callable[[Any, str, Layers[Any]], Any] | None = None


def inverted_residual(x: T, block: InvertedResidual, layers: Layers[T]) -> dict[str, T]:
    """Builds one inverted residual block.

    Source: arXiv:1801.04381, Section 3.3. There is no expansion where it would
    not add channels, also in a fused block, which then is its projection alone.

    Args:
        x: float32 `[batch, height, width, channels]`.
        block: Which.
        layers: The set of layers to build with.

    Returns:
        What it computed, in order: `expansion_output` and `depthwise_output`
        where the block has them, and `output`.
    """
    outputs: dict[str, T] = {}
    net = x = layers.identity(x)
    channels = layers.channels(x)
    if block.expanded > channels:
        kernel_size, stride = (block.kernel_size, block.stride) if block.fused else (1, 1)
        expand = _layer(block, "expand", kernel_size, block.expanded, stride)
        net = outputs["expansion_output"] = layers.identity(layers.convolution(net, expand))
    if not block.fused:
        depthwise = _layer(
            block, "depthwise", block.kernel_size, layers.channels(net), block.stride
        )
        net = layers.identity(layers.depthwise_convolution(net, depthwise))
        outputs["depthwise_output"] = net
    if block.gate is not None:
        net = block.gate(net, block.scope, layers)
    net = layers.convolution(net, _layer(block, "project", 1, block.num_outputs, 1))
    if block.residual and block.stride == 1 and channels == block.num_outputs:
        net = layers.add(net, x)
    outputs["output"] = layers.identity(net)
    return outputs


def _layer(
    block: InvertedResidual, name: str, kernel_size: int, num_outputs: int, stride: int
) -> ConvLayer:
    return ConvLayer(
        f"{block.scope}/{name}",
        (kernel_size, kernel_size),
        num_outputs,
        "identity" if name == "project" else block.activation,
        block.batch_norm,
        weight_decay=0.0 if name == "depthwise" else block.weight_decay,
        stride=stride,
    )
