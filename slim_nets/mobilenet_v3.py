"""The MobileNet V3 builder: one loop over a table of rows."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from slim_nets.blocks import BneckSize, bneck
from slim_nets.channels import make_divisible
from slim_nets.layers import Layers
from slim_nets.specs import Bneck, Conv, ConvLayer, NetworkSpec, Pool

T = TypeVar("T")


@dataclass(frozen=True)
class Built(Generic[T]):
    """What the builder computed.

    Attributes:
        output: Features `[batch, features]`, or logits `[batch, num_classes]`.
        end_points: Intermediate results in the network's order: `layer_1` to
            `layer_N`, each block's `layer_K/...`, `global_pool`, and with
            classes `Logits` and `Predictions`.
    """

    output: T
    end_points: dict[str, T]


def build(
    images: T,
    spec: NetworkSpec,
    layers: Layers[T],
    *,
    depth_multiplier: float = 1.0,
    num_classes: int | None = None,
) -> Built[T]:
    """Builds a network over a set of layers.

    Source: arXiv:1905.02244, with the settings of the published checkpoints:
    channels are rounded to multiples of 8 (not in the paper), and depth
    multipliers below 1 are not applied to the last row of the table.

    Args:
        images: float32 `[batch, height, width, 3]` in [-1, 1].
        spec: The table.
        layers: The set of layers to build with.
        depth_multiplier: Scales the channels of every row, in (0, 2].
        num_classes: Size of the logits; None ends with the pooled features.

    Returns:
        The output and all end points.
    """
    end_points: dict[str, T] = {}
    net = layers.identity(images)
    inputs = 3  # channels that enter a row at depth multiplier 1
    scopes = _Scopes(spec.scope)
    for number, row in enumerate(spec.rows, start=1):
        is_last = number == len(spec.rows)
        multiplier = 1.0 if is_last and depth_multiplier < 1 else depth_multiplier
        match row:
            case Bneck():
                size = BneckSize(
                    make_divisible(layers.channels(net) * row.exp_size / inputs),
                    _multiplied(row.num_outputs, multiplier),
                )
                outputs = bneck(net, scopes.unique("expanded_conv"), row, size, layers)
                net = outputs["output"]
                end_points |= {f"layer_{number}/{name}": value for name, value in outputs.items()}
            case Conv():
                net = layers.convolution(net, _conv_layer(row, scopes.unique("Conv"), multiplier))
            case Pool():
                net = layers.global_pool(net)
        end_points[f"layer_{number}"] = net
        inputs = inputs if isinstance(row, Pool) else row.num_outputs
    return _head(net, spec.scope, layers, num_classes, end_points)


def _head(
    net: T, scope: str, layers: Layers[T], num_classes: int | None, end_points: dict[str, T]
) -> Built[T]:
    net = end_points["global_pool"] = layers.global_pool(layers.identity(net))
    if num_classes is None:
        return Built(layers.squeeze(net), end_points)
    net = layers.dropout(net)
    logits = ConvLayer(f"{scope}/Logits/Conv2d_1c_1x1", 1, num_classes, 1, "identity", "bias")
    net = end_points["Logits"] = layers.squeeze(layers.convolution(net, logits))
    end_points["Predictions"] = layers.softmax(net)
    return Built(net, end_points)


def _multiplied(num_outputs: int, multiplier: float) -> int:
    return make_divisible(num_outputs * multiplier)


def _conv_layer(row: Conv, scope: str, multiplier: float) -> ConvLayer:
    return ConvLayer(
        scope,
        row.kernel_size,
        _multiplied(row.num_outputs, multiplier),
        row.stride,
        row.activation,
        row.normalizer,
    )


class _Scopes:
    """Names scopes as TF-Slim does: the second `Conv` is `Conv_1`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._used: dict[str, int] = {}

    def unique(self, name: str) -> str:
        count = self._used[name] = self._used.get(name, -1) + 1
        return f"{self._prefix}/{name}_{count}" if count else f"{self._prefix}/{name}"
