"""The blocks between stem and head, over any set of layers."""

from dataclasses import dataclass
from typing import TypeVar

from slim_nets.channels import make_divisible
from slim_nets.layers import Layers
from slim_nets.specs import Bneck, ConvLayer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BneckSize:
    """The numbers of one block after the depth multiplier.

    Attributes:
        expanded: Channels inside the block.
        num_outputs: Channels after it.
    """

    expanded: int
    num_outputs: int


def squeeze_excite(x: T, scope: str, layers: Layers[T]) -> T:
    """Scales every channel by a gate computed from the whole image.

    Source: arXiv:1905.02244, Section 5.3. The gate's slope is 0.16667, as in
    the trained checkpoints, not 1/6 as in the paper.

    Args:
        x: float32 `[batch, height, width, channels]`.
        scope: Variable scope of the two convolutions.
        layers: The set of layers to build with.

    Returns:
        float32 `[batch, height, width, channels]`.
    """
    channels = layers.channels(x)
    squeezed = make_divisible(channels / 4)
    gate = layers.spatial_mean(x)
    gate = layers.convolution(gate, ConvLayer(f"{scope}/Conv", 1, squeezed, 1, "relu", "bias"))
    gate = layers.convolution(
        gate, ConvLayer(f"{scope}/Conv_1", 1, channels, 1, "hard_sigmoid", "bias")
    )
    return layers.multiply(x, gate)


def bneck(x: T, scope: str, row: Bneck, size: BneckSize, layers: Layers[T]) -> dict[str, T]:
    """Builds one inverted residual block.

    Source: arXiv:1905.02244, Section 5.3; fused blocks as in MobilenetEdgeTPU.
    There is no expansion where it would not add channels, also in a fused
    block, which then is its projection alone.

    Args:
        x: float32 `[batch, height, width, channels]`.
        scope: Variable scope of the block.
        row: The block's row of the table.
        size: Its channels after the depth multiplier.
        layers: The set of layers to build with.

    Returns:
        What it computed, in order: `expansion_output` and `depthwise_output`
        where the block has them, and `output`.
    """
    outputs: dict[str, T] = {}
    net = x = layers.identity(x)
    channels = layers.channels(x)
    if size.expanded > channels:
        kernel_size, stride = (row.kernel_size, row.stride) if row.fused else (1, 1)
        expand = ConvLayer(
            f"{scope}/expand", kernel_size, size.expanded, stride, row.activation, "batch_norm"
        )
        net = layers.identity(layers.convolution(net, expand))
        outputs["expansion_output"] = net
    if not row.fused:
        depthwise = ConvLayer(
            f"{scope}/depthwise",
            row.kernel_size,
            layers.channels(net),
            row.stride,
            row.activation,
            "batch_norm",
        )
        net = layers.identity(layers.depthwise_convolution(net, depthwise))
        outputs["depthwise_output"] = net
    if row.squeeze_excite:
        net = squeeze_excite(net, f"{scope}/squeeze_excite", layers)
    project = ConvLayer(f"{scope}/project", 1, size.num_outputs, 1, "identity", "batch_norm")
    net = layers.convolution(net, project)
    if row.residual and row.stride == 1 and channels == size.num_outputs:
        net = layers.add(net, x)
    outputs["output"] = layers.identity(net)
    return outputs
