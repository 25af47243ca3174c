"""Builds MobileNet V3 and its relatives from their tables, by one loop."""

from typing import TypeVar

from slim_nets.blocks import Scopes, make_divisible
from slim_nets.layers.protocol import Activation, BatchNorm, ConvLayer, Layers
from slim_nets.network import Built
from slim_nets.networks.mobilenet_v3.rows import BATCH_NORM, Bneck, Conv, Pool, Table

T = TypeVar("T")

# The published SavedModel carries this factor, though the networks were trained with 1e-5.
_WEIGHT_DECAY = 4e-5
# Of the features in front of the logits, in training mode.
_KEEP_PROB = 0.8


def squeeze_excite(x: T, scope: str, layers: Layers[T]) -> T:
    """Scales every channel by a gate computed from the whole image.

    Source: arXiv:1905.02244, Section 5.3. The gate's slope is 0.16667, as in
    the trained checkpoints, not 1/6 as in the paper.

    Args:
        x: float32 `[batch, height, width, channels]`.
        scope: Variable scope of the block.
        layers: The set of layers to build with.

    Returns:
        float32 `[batch, height, width, channels]`.
    """
    channels = layers.channels(x)
    scope = f"{scope}/squeeze_excite"
    squeeze = _biased(f"{scope}/Conv", make_divisible(channels / 4), "relu")
    gate = layers.convolution(layers.spatial_mean(x), squeeze)
    gate = layers.convolution(gate, _biased(f"{scope}/Conv_1", channels, "hard_sigmoid"))
    return layers.multiply(x, gate)


def _biased(scope: str, num_outputs: int, activation: Activation) -> ConvLayer:
    return _layer(scope, 1, num_outputs, activation, None)


def _layer(
    scope: str,
    kernel_size: int,
    num_outputs: int,
    activation: Activation,
    batch_norm: BatchNorm | None = BATCH_NORM,
    stride: int = 1,
) -> ConvLayer:
    size = (kernel_size, kernel_size)
    return ConvLayer(scope, size, num_outputs, activation, batch_norm, _WEIGHT_DECAY, stride)


def _inverted_residual(
    x: T, row: Bneck, scope: str, expanded: int, num_outputs: int, layers: Layers[T]
) -> dict[str, T]:
    """Builds one inverted residual block.

    Source: arXiv:1801.04381, Section 3.3. There is no expansion where it would
    not add channels, also in a fused block, which then is its projection alone.

    Args:
        x: float32 `[batch, height, width, channels]`.
        row: Which.
        scope: Variable scope of the block.
        expanded: Channels inside the block.
        num_outputs: Channels after it.
        layers: The set of layers to build with.

    Returns:
        What it computed, in order: `expansion_output` and `depthwise_output`
        where the block has them, and `output`.
    """
    outputs: dict[str, T] = {}
    net = x = layers.identity(x)
    channels = layers.channels(x)
    if expanded > channels:
        kernel_size, stride = (row.kernel_size, row.stride) if row.fused else (1, 1)
        expand = _layer(f"{scope}/expand", kernel_size, expanded, row.activation, stride=stride)
        net = outputs["expansion_output"] = layers.identity(layers.convolution(net, expand))
    if not row.fused:
        name, size = f"{scope}/depthwise", (row.kernel_size, row.kernel_size)
        inside = layers.channels(net)
        # Without weight decay.
        depthwise = ConvLayer(name, size, inside, row.activation, BATCH_NORM, stride=row.stride)
        net = layers.identity(layers.depthwise_convolution(net, depthwise))
        outputs["depthwise_output"] = net
    if row.squeeze_excite:
        net = squeeze_excite(net, scope, layers)
    net = layers.convolution(net, _layer(f"{scope}/project", 1, num_outputs, "identity"))
    if row.residual and row.stride == 1 and channels == num_outputs:
        net = layers.add(net, x)
    outputs["output"] = layers.identity(net)
    return outputs


def build(
    images: T,
    layers: Layers[T],
    depth_multiplier: float,
    num_classes: int | None,
    *,
    table: Table,
    multiply_last: bool = False,
) -> Built[T]:
    """Builds a network from its table, as `slim_nets.network.Build` says.

    Source: arXiv:1905.02244, with the settings of the published checkpoints:
    channels are rounded to multiples of 8 (not in the paper), and depth
    multipliers below 1 are not applied to the last row of the table.

    Args:
        images: float32 `[batch, height, width, 3]` in [-1, 1].
        layers: The set of layers to build with.
        depth_multiplier: Scales the channels of every row, in (0, 2].
        num_classes: Size of the logits; None ends with the pooled features.
        table: Its rows.
        multiply_last: Whether multipliers below 1 are applied to the last row too.

    Returns:
        The output, and as end points `layer_1` to `layer_N`, each block's
        `layer_K/...`, `global_pool`, and with classes `Logits` and `Predictions`.
    """
    end_points: dict[str, T] = {}
    net = layers.identity(images)
    inputs = 3  # channels that enter a row at depth multiplier 1
    scopes = Scopes(table.scope)
    for number, row in enumerate(table.rows, start=1):
        kept = number == len(table.rows) and depth_multiplier < 1 and not multiply_last
        multiplier = 1.0 if kept else depth_multiplier
        match row:
            case Bneck():
                scope = scopes.unique("expanded_conv")
                expanded = make_divisible(layers.channels(net) * row.exp_size / inputs)
                num_outputs = make_divisible(row.num_outputs * multiplier)
                outputs = _inverted_residual(net, row, scope, expanded, num_outputs, layers)
                net = outputs["output"]
                end_points |= {f"layer_{number}/{name}": value for name, value in outputs.items()}
                inputs = row.num_outputs
            case Conv():
                net = layers.convolution(net, _conv(row, scopes.unique("Conv"), multiplier))
                inputs = row.num_outputs
            case Pool():
                net = layers.global_pool(net)
        end_points[f"layer_{number}"] = net
    return _head(net, layers, table.scope, num_classes, end_points)


def _conv(row: Conv, scope: str, multiplier: float) -> ConvLayer:
    channels = make_divisible(row.num_outputs * multiplier)
    return _layer(scope, row.kernel_size, channels, row.activation, row.batch_norm, row.stride)


def _head(
    net: T, layers: Layers[T], scope: str, num_classes: int | None, end_points: dict[str, T]
) -> Built[T]:
    net = end_points["global_pool"] = layers.global_pool(layers.identity(net))
    if num_classes is None:
        return Built(layers.squeeze(net), end_points)
    net = layers.dropout(net, _KEEP_PROB)
    logits = _biased(f"{scope}/Logits/Conv2d_1c_1x1", num_classes, "identity")
    net = end_points["Logits"] = layers.squeeze(layers.convolution(net, logits))
    end_points["Predictions"] = layers.softmax(net)
    return Built(net, end_points)
