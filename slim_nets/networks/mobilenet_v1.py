"""MobileNet V1: its table, the loop that builds it, and what its pages say."""

import re
from dataclasses import dataclass, replace
from typing import TypeVar

from slim_nets.layers.protocol import BatchNorm, ConvLayer, Layers
from slim_nets.network import Built, Network, Task
from slim_nets.page_words import IMAGENET, FamilyMember, PageWords

T = TypeVar("T")

SCOPE = "MobilenetV1"

# ImageNet's thousand classes and, first, the background.
_NUM_CLASSES = 1001
# With slim.batch_norm's default.
_BATCH_NORM = BatchNorm(epsilon=0.001)
# Of the kernels of full convolutions; depthwise ones have none.
_WEIGHT_DECAY = 4e-5
# Of the features in front of the logits, in training mode.
_KEEP_PROB = 0.999
_MIN_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A layer of the table (arXiv:1704.04861, Table 1).

    Attributes:
        num_outputs: Channels after it at depth multiplier 1.
        stride: Step in pixels, SAME padding.
        separable: Whether it is a depthwise convolution of 3x3 with a pointwise one behind it
            ("Conv dw" and "Conv"), and not one full convolution of 3x3.
    """

    num_outputs: int
    stride: int
    separable: bool = True


ROWS = (
    Row(32, 2, separable=False),
    Row(64, 1),
    Row(128, 2),
    Row(128, 1),
    Row(256, 2),
    Row(256, 1),
    Row(512, 2),
    *(Row(512, 1),) * 5,
    Row(1024, 2),
    Row(1024, 1),
)


def build(
    images: T, layers: Layers[T], depth_multiplier: float, num_classes: int | None
) -> Built[T]:
    """Builds the network from its table, as `slim_nets.network.Build` says.

    Source: arXiv:1704.04861, with the settings of the published checkpoints: multiplied
    channels are cut off to whole numbers, of which there are at least 8, and features are
    averaged with a `Mean`, so that images may have any size.

    Args:
        images: float32 `[batch, height, width, 3]` in [-1, 1].
        layers: The set of layers to build with.
        depth_multiplier: Scales the channels of every row, in (0, 2].
        num_classes: Size of the logits; None ends with the pooled features.

    Returns:
        The output, and as end points `Conv2d_0`, `Conv2d_1_depthwise`, `Conv2d_1_pointwise` and so
        on, `global_pool`, and with classes `Logits` and `Predictions`.
    """
    end_points: dict[str, T] = {}
    net = images
    for number, row in enumerate(ROWS):
        name = f"Conv2d_{number}"
        num_outputs = max(int(row.num_outputs * depth_multiplier), _MIN_CHANNELS)
        if not row.separable:
            layer = _layer(name, 3, num_outputs, row.stride)
            net = end_points[name] = layers.convolution(net, layer)
            continue
        depthwise = _layer(f"{name}_depthwise", 3, layers.channels(net), row.stride)
        net = layers.depthwise_convolution(net, replace(depthwise, weight_decay=0.0))
        end_points[f"{name}_depthwise"] = net
        net = layers.convolution(net, _layer(f"{name}_pointwise", 1, num_outputs))
        end_points[f"{name}_pointwise"] = net
    return _head(net, layers, num_classes, end_points)


def _layer(name: str, kernel_size: int, num_outputs: int, stride: int = 1) -> ConvLayer:
    size, scope = (kernel_size, kernel_size), f"{SCOPE}/{name}"
    return ConvLayer(scope, size, num_outputs, "relu6", _BATCH_NORM, _WEIGHT_DECAY, stride)


def _head(net: T, layers: Layers[T], num_classes: int | None, end_points: dict[str, T]) -> Built[T]:
    net = end_points["global_pool"] = layers.spatial_mean(net)
    if num_classes is None:
        return Built(layers.squeeze(net), end_points)
    net = layers.dropout(net, _KEEP_PROB)
    scope = f"{SCOPE}/Logits/Conv2d_1c_1x1"
    logits = ConvLayer(scope, (1, 1), num_classes, "identity", None, _WEIGHT_DECAY)
    net = end_points["Logits"] = layers.squeeze(layers.convolution(net, logits))
    end_points["Predictions"] = layers.softmax(net)
    return Built(net, end_points)


_LAYER = re.compile(rf"^{SCOPE}/Conv2d_(\d+)(?:_depthwise|_pointwise)?(?:/|$)")


def row_of(name: str) -> str:
    """Describes the row that an end point or a variable belongs to, as `Network.row_of` says."""
    match = _LAYER.match(name)
    if match is None or int(match[1]) >= len(ROWS):
        return ""
    number = int(match[1])
    row = ROWS[number]
    kind = "depthwise 3x3, pointwise 1x1" if row.separable else "conv 3x3"
    return (
        f"row {number + 1} of {len(ROWS)}: {kind}, num_outputs {row.num_outputs}, relu6,"
        f" stride {row.stride}"
    )


_LIST = "https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet_v1"

_OVERVIEW = """\
MobileNet V1 is a family of networks that recognize images on phones and other small devices. Each
of their convolutions is split into one within every channel and one across all of them. They are
described by"""

_PAPERS = """\
  * Andrew G. Howard, Menglong Zhu, Bo Chen, Dmitry Kalenichenko, Weijun Wang, Tobias Weyand, Marco
    Andreetto, Hartwig Adam: ["MobileNets: Efficient Convolutional Neural Networks for Mobile
    Vision Applications"](https://arxiv.org/abs/1704.04861), 2017."""

_SIZES = """\
A depth multiplier scales the number of channels in all layers, for less accuracy in less time.
Weights were published for images of 128, 160, 192 and 224 pixels; the same network takes images of
any size, so each of them is used at other sizes too."""

_REMARKS = f"""\
Accuracy and multiply-accumulates are those of [TF-Slim's list of checkpoints]({_LIST}.md).
Parameters are those of the networks as `{{task}}`, counted, with the moving averages of batch
norm."""

_NARROWED = """\
At depth multipliers below 1, the number of channels is cut off to a whole number, and is at least
8."""

# Multiplier and image size: millions of multiply-accumulates.
_PUBLISHED = {
    (0.25, 128): "14",
    (0.25, 160): "21",
    (0.25, 192): "34",
    (0.25, 224): "41",
    (0.5, 128): "49",
    (0.5, 160): "77",
    (0.5, 192): "110",
    (0.5, 224): "150",
    (0.75, 128): "104",
    (0.75, 160): "162",
    (0.75, 192): "233",
    (0.75, 224): "317",
    (1.0, 128): "186",
    (1.0, 160): "291",
    (1.0, 192): "418",
    (1.0, 224): "569",
}

_FAMILY = tuple(
    FamilyMember(f"mobilenet_v1_{round(100 * multiplier):03d}_{size}", f"{size} x {size}", (macs,))
    for (multiplier, size), macs in _PUBLISHED.items()
)


def page_words(task: Task) -> PageWords:
    """Says what the pages of these networks say of them, as `Network.words`."""
    return replace(
        IMAGENET,
        full_name="MobileNet V1",
        architecture="mobilenet-v1",
        overview=_OVERVIEW,
        papers=_PAPERS,
        sizes=_SIZES,
        columns=("Multiply-accumulates (M)",),
        family=_FAMILY,
        remarks=_REMARKS.format(task=task),
        source=f"TF-Slim's\n[`mobilenet_v1`]({_LIST}.py)",
        narrowed=_NARROWED,
        checkpoints=f"[TF-Slim's checkpoints]({_LIST}.md)",
    )


NETWORKS = (
    Network(
        "mobilenet_v1",
        SCOPE,
        build,
        tuple(_PUBLISHED),
        _NUM_CLASSES,
        row_of,
        page_words,
        background=True,
        any_size=True,
    ),
)
