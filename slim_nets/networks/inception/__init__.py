"""Inception V1, V2 and V3, built from their tables by one loop."""

from functools import partial
from typing import TypeVar

from slim_nets.layers.protocol import BatchNorm, ConvLayer, Layers, PoolLayer
from slim_nets.network import Built, Network
from slim_nets.networks.inception.inception_rows import (
    Arms,
    Conv2d,
    InceptionRow,
    InceptionTable,
    Mixed,
    Pool2d,
    SeparableConv2d,
    row_of,
)
from slim_nets.networks.inception.inception_tables import V1, V2, V3
from slim_nets.networks.inception.inception_words import inception_words

T = TypeVar("T")

# ImageNet's thousand classes and, first, the background.
_NUM_CLASSES = 1001
# With slim.batch_norm's defaults, of which one is that there is no gamma.
_BATCH_NORM = BatchNorm(epsilon=0.001, scale=False)
_WEIGHT_DECAY = 4e-5
# Of the features in front of the logits, in training mode.
_KEEP_PROB = 0.8


def build(
    images: T,
    layers: Layers[T],
    depth_multiplier: float,  # noqa: ARG001  (there is one, 1)
    num_classes: int | None,
    *,
    table: InceptionTable,
) -> Built[T]:
    """Builds a network from its table, as `slim_nets.network.Build` says.

    Source: TF-Slim's networks with `global_pool=True`, without auxiliary head; the pool is a
    `Mean`, so that images may have any size.

    Args:
        images: float32 `[batch, height, width, 3]` in [-1, 1].
        layers: The set of layers to build with.
        depth_multiplier: 1.
        num_classes: Size of the logits; None ends with the pooled features.
        table: Its rows.

    Returns:
        The output, and as end points each row, `global_pool`, and with classes `Logits`,
        `Predictions` and, except in V1, `PreLogits`, the features after dropout.
    """
    end_points: dict[str, T] = {}
    net = images
    for row in table.rows:
        net = end_points[row.scope] = _computed(net, row, table.scope, layers)
    net = end_points["global_pool"] = layers.spatial_mean(net)
    if num_classes is None:
        return Built(layers.squeeze(net), end_points)
    net = layers.dropout(net, _KEEP_PROB)
    if table.pre_logits:
        end_points["PreLogits"] = net
    scope = f"{table.scope}/Logits/{table.logits}"
    last = ConvLayer(scope, (1, 1), num_classes, "identity", None, _WEIGHT_DECAY)
    net = end_points["Logits"] = layers.squeeze(layers.convolution(net, last))
    end_points["Predictions"] = layers.softmax(net)
    return Built(net, end_points)


def _computed(x: T, row: InceptionRow | Arms, scope: str, layers: Layers[T]) -> T:
    """Computes a row, or a part of one, of which the scope lies below the one given."""
    match row:
        case Mixed():
            outputs = []
            for number, branch in enumerate(row.branches):
                net = x
                for step in branch:
                    within = f"{scope}/{row.scope}/Branch_{number}"
                    net = _computed(net, step, within, layers)
                outputs.append(net)
            return layers.concat(outputs)
        case Arms():
            return layers.concat([_computed(x, conv, scope, layers) for conv in row.convs])
        case Pool2d():
            name = f"{scope}/{row.scope}"
            window = (row.kernel_size, row.stride, row.padding)
            return layers.pool(x, PoolLayer(name, row.kind, *window))
        case SeparableConv2d():
            return _separable(x, row, scope, layers)
        case Conv2d():
            layer = ConvLayer(
                f"{scope}/{row.scope}",
                row.kernel_size,
                row.num_outputs,
                "relu",
                _BATCH_NORM,
                _WEIGHT_DECAY,
                row.stride,
                row.padding,
            )
            return layers.convolution(x, layer)


def _separable(x: T, row: SeparableConv2d, scope: str, layers: Layers[T]) -> T:
    """Computes the first row of V2, which TF-Slim regularizes and normalizes nowhere."""
    name = f"{scope}/{row.scope}"
    size = (row.kernel_size, row.num_outputs)
    layer = ConvLayer(name, *size, "relu", batch_norm=None, stride=row.stride)
    return layers.separable_convolution(x, layer, row.depth_multiplier)


def _network(version: int, table: InceptionTable, image_size: int, smallest: int) -> Network:
    return Network(
        f"inception_v{version}",
        table.scope,
        partial(build, table=table),
        ((1.0, image_size),),
        _NUM_CLASSES,
        partial(row_of, table=table),
        partial(inception_words, version=version),
        background=True,
        min_image_size=smallest,
        any_size=True,
        sized_name=False,
    )


# Smaller images are all padding, but for V3: there its VALID layers would leave nothing.
NETWORKS = (
    _network(1, V1, 224, 32),
    _network(2, V2, 224, 32),
    _network(3, V3, 299, 75),
)
