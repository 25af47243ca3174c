"""A network of eleven rows, with one of everything that layers can be; the registry finds it here.

It is small, so that it goes through every command in seconds, and no two of its
layers are alike in padding, kernel, epsilon, gamma, dilation or activation.
"""

from slim_nets.layers.protocol import BatchNorm, ConvLayer, NormLayer, PoolLayer
from slim_nets.network import Built, Network, OtherConstant
from slim_nets.page_words import PageWords

WEIGHT_DECAY = 1e-3
SCOPE = "Toy"
ROWS = (
    ("conv 3x3", "relu6", BatchNorm(0.001)),
    ("conv 3x1, padding VALID", "relu", BatchNorm(0.01, scale=False)),
    ("depthwise 3x3, dilation 2", "relu", BatchNorm(0.002, scope="norm")),
    ("gate", "hard_sigmoid", None),
    ("residual 1x1", "identity", BatchNorm(0.001)),
    ("separable 3x3, depth multiplier 2", "relu", None),
    ("conv 5x3, padding FIXED", "identity", None),
    ("norm", "relu6", BatchNorm(0.003, scope="preact")),
    ("sum", "relu", None),
    ("pools", "identity", None),
    ("conv 1x1", "hard_swish", None),
)


def build(images, layers, depth_multiplier, num_classes):
    def conv(number, kernel_size, num_outputs, **more):
        _, activation, batch_norm = ROWS[number - 1]
        scope = f"{SCOPE}/row_{number}"
        return ConvLayer(scope, kernel_size, num_outputs, activation, batch_norm, **more)

    decay = {"weight_decay": WEIGHT_DECAY}
    width = max(1, int(8 * depth_multiplier))
    points = {}
    net = layers.convolution(images, conv(1, (3, 3), width, stride=2, **decay))
    points["row_1"] = net
    net = layers.convolution(net, conv(2, (3, 1), 2 * width, padding="VALID", **decay))
    points["row_2"] = net
    net = layers.depthwise_convolution(net, conv(3, (3, 3), 2 * width, dilation=2))
    points["row_3"] = net
    gate = layers.convolution(layers.spatial_mean(net), conv(4, (1, 1), 2 * width, **decay))
    net = points["row_4"] = layers.multiply(net, gate)
    left = layers.convolution(net, conv(5, (1, 1), 2 * width, **decay))
    net = points["row_5"] = layers.identity(layers.add(net, left))
    net = points["row_6"] = layers.separable_convolution(net, conv(6, (3, 3), 12, **decay), 2)
    left = conv(7, (5, 3), width, padding="FIXED", stride=2, **decay)
    left = points["row_7"] = layers.convolution(net, left)
    net = layers.normalization(left, NormLayer(f"{SCOPE}/row_8", *ROWS[7][1:]))
    points["row_8"] = net
    net = points["row_9"] = layers.activation(layers.add(net, left), ROWS[8][1])
    net = points["row_10"] = pools(net, layers)
    net = points["row_11"] = layers.convolution(net, conv(11, (1, 1), 12, **decay))
    net = points["global_pool"] = layers.global_pool(layers.identity(net))
    if num_classes is None:
        return Built(layers.squeeze(net), points)
    net = layers.dropout(net, 0.7)
    logits = ConvLayer(f"{SCOPE}/Logits", (1, 1), num_classes, "identity", None, **decay)
    net = points["Logits"] = layers.squeeze(layers.convolution(net, logits))
    points["Predictions"] = layers.softmax(net)
    return Built(net, points)


def pools(net, layers):
    scope = f"{SCOPE}/row_10"
    largest = layers.pool(net, PoolLayer(f"{scope}/max", "max", (3, 3), 1))
    average = layers.pool(net, PoolLayer(f"{scope}/average", "average", (3, 2), 1))
    both = layers.concat([largest, average])
    return layers.pool(both, PoolLayer(f"{scope}/last", "max", (2, 2), 2, "VALID"))


def row_of(name):
    row = name.removeprefix(f"{SCOPE}/").partition("/")[0]
    for number, (described, *_) in enumerate(ROWS, start=1):
        if row == f"row_{number}":
            return f"row {number} of {len(ROWS)}: {described}"
    return ""


NETWORKS = (
    Network(
        "toy",
        SCOPE,
        build,
        ((0.5, 32), (1.0, 32)),
        num_classes=7,
        row_of=row_of,
        words=lambda _: PageWords("the toy network"),
        input_range=(-2.0, 1.0),
        min_image_size=16,
        other_constants=(
            OtherConstant("slope of the toy's gate", "Use 0.16667.", right=0.16667, wrong=1 / 6),
        ),
    ),
)
