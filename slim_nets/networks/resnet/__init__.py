"""ResNet V1 and V2 with 50, 101 and 152 layers, built from their tables by one loop."""

from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from slim_nets.layers.protocol import (
    Activation,
    BatchNorm,
    ConvLayer,
    Layers,
    NormLayer,
    Padding,
    PoolLayer,
)
from slim_nets.network import Built, Network
from slim_nets.networks.resnet.resnet_words import resnet_words

T = TypeVar("T")
Version = Literal["v1", "v2"]

# ImageNet's thousand classes and, first, the background.
_NUM_CLASSES = 1001
# Height and width of the images in pixels.
_IMAGE_SIZE = 224
_WEIGHT_DECAY = 1e-4
# TF-Slim says 1e-5, which the TensorFlow of its time raised to what cuDNN took at least; so the
# published SavedModel has this.
_BATCH_NORM = BatchNorm(epsilon=1.001e-5)
# Of the last convolution of a unit and of its shortcut: V2 normalizes before the next unit, not
# here, so that they have biases.
_LAST: dict[Version, BatchNorm | None] = {"v1": _BATCH_NORM, "v2": None}


@dataclass(frozen=True, slots=True)
class ResidualBlock:
    """A row of units of one width (Table 1, "conv2_x" to "conv5_x").

    Attributes:
        base_depth: Channels inside of a unit; after it there are four times as many.
        num_units: How many there are.
        stride: Step of the last of them in pixels.
    """

    base_depth: int
    num_units: int
    stride: int


@dataclass(frozen=True, slots=True)
class ResNetTable:
    """A network after its first convolution and pool, which are those of all.

    Attributes:
        scope: Variable scope of everything in it, as in the checkpoints.
        version: Whether units normalize after their convolutions, or before.
        blocks: Its rows.
    """

    scope: str
    version: Version
    blocks: tuple[ResidualBlock, ...]


def _table(version: Version, depth: int, num_units: tuple[int, int, int, int]) -> ResNetTable:
    """Makes a table.

    Source: arXiv:1512.03385, Table 1. There the first unit of the next block has the stride,
    in TF-Slim the last one of a block.
    """
    sizes = zip((64, 128, 256, 512), num_units, (2, 2, 2, 1), strict=True)
    blocks = tuple(ResidualBlock(*size) for size in sizes)
    return ResNetTable(f"resnet_{version}_{depth}", version, blocks)


def build(
    images: T,
    layers: Layers[T],
    depth_multiplier: float,  # noqa: ARG001  (there is one, 1)
    num_classes: int | None,
    *,
    table: ResNetTable,
) -> Built[T]:
    """Builds a network from its table, as `slim_nets.network.Build` says.

    Source: TF-Slim's networks with `global_pool=True`. In V2 the end point of the last block is
    its sum; the batch norm after it, from which the features come, is no end point.

    Args:
        images: float32 `[batch, height, width, 3]` in [-1, 1].
        layers: The set of layers to build with.
        depth_multiplier: 1.
        num_classes: Size of the logits; None ends with the pooled features.
        table: Its rows.

    Returns:
        The output, and as end points every convolution, unit and block, `global_pool`, and with
        classes `logits`, which still have height and width, `spatial_squeeze`, `predictions`.
    """
    scope, version = table.scope, table.version
    activation: Activation = "relu" if version == "v1" else "identity"
    first = _conv(f"{scope}/conv1", 7, 64, activation, _LAST[version], 2)
    net = layers.convolution(images, first)
    end_points = {"conv1": net}
    net = layers.pool(net, PoolLayer(f"{scope}/pool1", "max", (3, 3), 2))
    for number, block in enumerate(table.blocks, start=1):
        for place in range(1, block.num_units + 1):
            stride = block.stride if place == block.num_units else 1
            name = f"block{number}/unit_{place}/bottleneck_{version}"
            outputs = _unit(net, f"{scope}/{name}", block.base_depth, stride, version, layers)
            net = outputs.pop("sum")
            end_points |= {f"{name}/{conv}": value for conv, value in outputs.items()}
            end_points[name] = net
        end_points[f"block{number}"] = net
    if version == "v2":
        net = _normalized(net, scope, "postnorm", layers)
    return _head(net, layers, scope, num_classes, end_points)


def _unit(
    x: T, scope: str, base_depth: int, stride: int, version: Version, layers: Layers[T]
) -> dict[str, T]:
    """Builds a unit of three convolutions and a shortcut.

    Source: arXiv:1512.03385, Figure 5, and for V2, which normalizes and activates first,
    arXiv:1603.05027, Figure 4 (e).

    Args:
        x: float32 `[batch, height, width, channels]`.
        scope: Variable scope of the unit.
        base_depth: Channels inside of it.
        stride: Step in pixels.
        version: Of the network.
        layers: The set of layers to build with.

    Returns:
        The convolutions by name, and the `sum`, which is the unit's result.
    """
    outputs: dict[str, T] = {}
    depth, last = 4 * base_depth, _LAST[version]
    net = x if version == "v1" else _normalized(x, scope, "preact", layers)
    if layers.channels(x) != depth:
        layer = _conv(f"{scope}/shortcut", 1, depth, "identity", last, stride)
        shortcut = outputs["shortcut"] = layers.convolution(net, layer)
    elif stride > 1:
        shortcut = layers.pool(x, PoolLayer(f"{scope}/shortcut", "max", (1, 1), stride))
    else:
        shortcut = x
    net = outputs["conv1"] = layers.convolution(net, _conv(f"{scope}/conv1", 1, base_depth))
    middle = _conv(f"{scope}/conv2", 3, base_depth, stride=stride)
    net = outputs["conv2"] = layers.convolution(net, middle)
    widened = _conv(f"{scope}/conv3", 1, depth, "identity", last)
    net = outputs["conv3"] = layers.convolution(net, widened)
    net = layers.add(shortcut, net)
    outputs["sum"] = layers.activation(net, "relu") if version == "v1" else net
    return outputs


def _conv(
    scope: str,
    kernel_size: int,
    num_outputs: int,
    activation: Activation = "relu",
    batch_norm: BatchNorm | None = _BATCH_NORM,
    stride: int = 1,
) -> ConvLayer:
    # The zeros on all sides that TF-Slim adds before a stride, whatever size the image has.
    padding: Padding = "FIXED" if stride > 1 else "SAME"
    size, more = (kernel_size, kernel_size), (_WEIGHT_DECAY, stride, padding)
    return ConvLayer(scope, size, num_outputs, activation, batch_norm, *more)


def _normalized(x: T, scope: str, name: str, layers: Layers[T]) -> T:
    """Normalizes and activates with variables of this name, below which is no other scope."""
    batch_norm = BatchNorm(_BATCH_NORM.epsilon, scope=name)
    return layers.normalization(x, NormLayer(scope, "relu", batch_norm))


def _head(
    net: T, layers: Layers[T], scope: str, num_classes: int | None, end_points: dict[str, T]
) -> Built[T]:
    net = end_points["global_pool"] = layers.spatial_mean(net)
    if num_classes is None:
        return Built(layers.squeeze(net), end_points)
    last = _conv(f"{scope}/logits", 1, num_classes, "identity", None)
    net = end_points["logits"] = layers.convolution(net, last)
    net = end_points["spatial_squeeze"] = layers.squeeze(net)
    end_points["predictions"] = layers.softmax(net)
    return Built(net, end_points)


def row_of(name: str, table: ResNetTable) -> str:
    """Describes the row that an end point or a variable belongs to, as `Network.row_of` says."""
    units = f"units of bottleneck_{table.version}"
    rows = {"conv1": "conv 7x7, num_outputs 64, stride 2", "pool1": "max pool 3x3, stride 2"}
    for number, block in enumerate(table.blocks, start=1):
        size = f"base_depth {block.base_depth}, stride {block.stride} in the last"
        rows[f"block{number}"] = f"{block.num_units} {units}, {size}"
    row = name.removeprefix(f"{table.scope}/").partition("/")[0]
    if row not in rows:
        return ""
    return f"row {list(rows).index(row) + 1} of {len(rows)}: {rows[row]}"


def _network(version: Version, depth: int, num_units: tuple[int, int, int, int]) -> Network:
    table = _table(version, depth, num_units)
    return Network(
        table.scope,
        table.scope,
        partial(build, table=table),
        ((1.0, _IMAGE_SIZE),),
        _NUM_CLASSES,
        partial(row_of, table=table),
        partial(resnet_words, version=version, depth=depth),
        background=True,
        any_size=True,
        sized_name=False,
    )


_UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

NETWORKS = (
    *(_network("v1", depth, num_units) for depth, num_units in _UNITS.items()),
    *(_network("v2", depth, num_units) for depth, num_units in _UNITS.items()),
)
