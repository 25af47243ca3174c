"""The tables of the MobileNet V3 networks, one row a layer.

Sources: arXiv:1905.02244, Tables 1 (large) and 2 (small). The minimalistic
networks and MobilenetEdgeTPU are those that TF-Slim published beside them.
"""

from dataclasses import replace

from slim_nets.specs import Bneck, Conv, NetworkSpec, Pool, Row

V3_LARGE = NetworkSpec(
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
        Conv(1, 1280, "hard_swish", 1, "bias"),
    ),
)

V3_SMALL = NetworkSpec(
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
        Conv(1, 1024, "hard_swish", 1, "bias"),
    ),
)

EDGETPU = NetworkSpec(
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


def minimalistic(spec: NetworkSpec) -> NetworkSpec:
    """Derives the minimalistic form of a network.

    Source: TF-Slim's description of the minimalistic checkpoints: no squeeze
    and excite, no 5x5 kernels, and relu for every hard-swish.

    Args:
        spec: A MobileNet V3 table.

    Returns:
        The same rows without what makes them slow on plain hardware.
    """
    return replace(spec, rows=tuple(_plain(row) for row in spec.rows))


def _plain(row: Row) -> Row:
    match row:
        case Bneck():
            return replace(row, kernel_size=3, squeeze_excite=False, activation="relu")
        case Conv():
            return replace(row, activation="relu")
        case Pool():
            return row
