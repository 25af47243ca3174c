"""The tables of Inception V1 to V3, one row an end point.

Sources: arXiv:1409.4842, Table 1 (V1); arXiv:1502.03167, Figure 5 (V2); arXiv:1512.00567,
Table 1 and Figures 5 to 7 (V3). Where TF-Slim's networks have other layers than the papers, or odd
names, these are TF-Slim's: V1 has 3x3 kernels for 5x5 ones, and all have batch norm.
"""

import re

from slim_nets.layers.protocol import WindowPadding
from slim_nets.networks.inception.inception_rows import (
    Arms,
    Conv2d,
    InceptionTable,
    Mixed,
    Pool2d,
    SeparableConv2d,
)

_KERNEL = re.compile(r"(\d)x(\d)$")


def _conv(scope: str, num_outputs: int, stride: int = 1, padding: WindowPadding = "SAME") -> Conv2d:
    """Makes a convolution whose kernel its name tells, height first."""
    kernel = _KERNEL.search(scope)
    assert kernel is not None, f"'{scope}' tells no kernel"
    return Conv2d(scope, (int(kernel[1]), int(kernel[2])), num_outputs, stride, padding)


def _valid(scope: str, num_outputs: int, stride: int = 1) -> Conv2d:
    return _conv(scope, num_outputs, stride, "VALID")


def _mixed_v1(place: str, widths: tuple[int, ...], third: str = "Conv2d_0b_3x3") -> Mixed:
    """Makes a block of V1 with the channels in the order of the paper's columns."""
    conv_1, reduce_3, conv_3, reduce_5, conv_5, pooled = widths
    return Mixed(
        f"Mixed_{place}",
        (
            (_conv("Conv2d_0a_1x1", conv_1),),
            (_conv("Conv2d_0a_1x1", reduce_3), _conv("Conv2d_0b_3x3", conv_3)),
            (_conv("Conv2d_0a_1x1", reduce_5), _conv(third, conv_5)),
            (Pool2d("MaxPool_0a_3x3", "max"), _conv("Conv2d_0b_1x1", pooled)),
        ),
    )


V1 = InceptionTable(
    "InceptionV1",
    (
        _conv("Conv2d_1a_7x7", 64, 2),
        Pool2d("MaxPool_2a_3x3", "max", stride=2),
        _conv("Conv2d_2b_1x1", 64),
        _conv("Conv2d_2c_3x3", 192),
        Pool2d("MaxPool_3a_3x3", "max", stride=2),
        _mixed_v1("3b", (64, 96, 128, 16, 32, 32)),
        _mixed_v1("3c", (128, 128, 192, 32, 96, 64)),
        Pool2d("MaxPool_4a_3x3", "max", stride=2),
        _mixed_v1("4b", (192, 96, 208, 16, 48, 64)),
        _mixed_v1("4c", (160, 112, 224, 24, 64, 64)),
        _mixed_v1("4d", (128, 128, 256, 24, 64, 64)),
        _mixed_v1("4e", (112, 144, 288, 32, 64, 64)),
        _mixed_v1("4f", (256, 160, 320, 32, 128, 128)),
        Pool2d("MaxPool_5a_2x2", "max", (2, 2), 2),
        _mixed_v1("5b", (256, 160, 320, 32, 128, 128), "Conv2d_0a_3x3"),
        _mixed_v1("5c", (384, 192, 384, 48, 128, 128)),
    ),
    logits="Conv2d_0c_1x1",
    pre_logits=False,
)

_AVERAGE = Pool2d("AvgPool_0a_3x3", "average")


def _mixed_v2(place: str, widths: tuple[int, ...], pool: Pool2d = _AVERAGE) -> Mixed:
    """Makes a block of V2 with the channels in the order of the paper's columns."""
    conv_1, reduce_3, conv_3, reduce_double, double, pooled = widths
    return Mixed(
        f"Mixed_{place}",
        (
            (_conv("Conv2d_0a_1x1", conv_1),),
            (_conv("Conv2d_0a_1x1", reduce_3), _conv("Conv2d_0b_3x3", conv_3)),
            (
                _conv("Conv2d_0a_1x1", reduce_double),
                _conv("Conv2d_0b_3x3", double),
                _conv("Conv2d_0c_3x3", double),
            ),
            (pool, _conv("Conv2d_0b_1x1", pooled)),
        ),
    )


def _halved_v2(place: str, widths: tuple[int, ...]) -> Mixed:
    """Makes a block of V2 that halves height and width."""
    reduce_3, conv_3, reduce_double, double = widths
    return Mixed(
        f"Mixed_{place}",
        (
            (_conv("Conv2d_0a_1x1", reduce_3), _conv("Conv2d_1a_3x3", conv_3, 2)),
            (
                _conv("Conv2d_0a_1x1", reduce_double),
                _conv("Conv2d_0b_3x3", double),
                _conv("Conv2d_1a_3x3", double, 2),
            ),
            (Pool2d("MaxPool_1a_3x3", "max", stride=2),),
        ),
    )


V2 = InceptionTable(
    "InceptionV2",
    (
        SeparableConv2d("Conv2d_1a_7x7", (7, 7), 64, stride=2, depth_multiplier=8),
        Pool2d("MaxPool_2a_3x3", "max", stride=2),
        _conv("Conv2d_2b_1x1", 64),
        _conv("Conv2d_2c_3x3", 192),
        Pool2d("MaxPool_3a_3x3", "max", stride=2),
        _mixed_v2("3b", (64, 64, 64, 64, 96, 32)),
        _mixed_v2("3c", (64, 64, 96, 64, 96, 64)),
        _halved_v2("4a", (128, 160, 64, 96)),
        _mixed_v2("4b", (224, 64, 96, 96, 128, 128)),
        _mixed_v2("4c", (192, 96, 128, 96, 128, 128)),
        _mixed_v2("4d", (160, 128, 160, 128, 160, 96)),
        _mixed_v2("4e", (96, 128, 192, 160, 192, 96)),
        _halved_v2("5a", (128, 192, 192, 256)),
        _mixed_v2("5b", (352, 192, 320, 160, 224, 128)),
        _mixed_v2("5c", (352, 192, 320, 192, 224, 128), Pool2d("MaxPool_0a_3x3", "max")),
    ),
    logits="Conv2d_1c_1x1",
    pre_logits=True,
)


def _mixed_35(
    place: str, pooled: int, reduce_5: str = "Conv2d_0a_1x1", conv_5: str = "Conv2d_0b_5x5"
) -> Mixed:
    """Makes a block of V3 on 35x35 pixels (Figure 5)."""
    return Mixed(
        f"Mixed_{place}",
        (
            (_conv("Conv2d_0a_1x1", 64),),
            (_conv(reduce_5, 48), _conv(conv_5, 64)),
            (
                _conv("Conv2d_0a_1x1", 64),
                _conv("Conv2d_0b_3x3", 96),
                _conv("Conv2d_0c_3x3", 96),
            ),
            (_AVERAGE, _conv("Conv2d_0b_1x1", pooled)),
        ),
    )


def _mixed_17(place: str, width: int) -> Mixed:
    """Makes a block of V3 on 17x17 pixels, of kernels of one row or column (Figure 6)."""
    return Mixed(
        f"Mixed_{place}",
        (
            (_conv("Conv2d_0a_1x1", 192),),
            (
                _conv("Conv2d_0a_1x1", width),
                _conv("Conv2d_0b_1x7", width),
                _conv("Conv2d_0c_7x1", 192),
            ),
            (
                _conv("Conv2d_0a_1x1", width),
                _conv("Conv2d_0b_7x1", width),
                _conv("Conv2d_0c_1x7", width),
                _conv("Conv2d_0d_7x1", width),
                _conv("Conv2d_0e_1x7", 192),
            ),
            (_AVERAGE, _conv("Conv2d_0b_1x1", 192)),
        ),
    )


def _mixed_8(place: str, second_arm: str) -> Mixed:
    """Makes a block of V3 on 8x8 pixels, with branches that part (Figure 7)."""
    return Mixed(
        f"Mixed_{place}",
        (
            (_conv("Conv2d_0a_1x1", 320),),
            (
                _conv("Conv2d_0a_1x1", 384),
                Arms((_conv("Conv2d_0b_1x3", 384), _conv(second_arm, 384))),
            ),
            (
                _conv("Conv2d_0a_1x1", 448),
                _conv("Conv2d_0b_3x3", 384),
                Arms((_conv("Conv2d_0c_1x3", 384), _conv("Conv2d_0d_3x1", 384))),
            ),
            (_AVERAGE, _conv("Conv2d_0b_1x1", 192)),
        ),
    )


_HALVED = Pool2d("MaxPool_1a_3x3", "max", stride=2, padding="VALID")
# Called 1x1, but they are not.
_MISNAMED_6A = "Conv2d_1a_1x1"

V3 = InceptionTable(
    "InceptionV3",
    (
        _valid("Conv2d_1a_3x3", 32, 2),
        _valid("Conv2d_2a_3x3", 32),
        _conv("Conv2d_2b_3x3", 64),
        Pool2d("MaxPool_3a_3x3", "max", stride=2, padding="VALID"),
        _valid("Conv2d_3b_1x1", 80),
        _valid("Conv2d_4a_3x3", 192),
        Pool2d("MaxPool_5a_3x3", "max", stride=2, padding="VALID"),
        _mixed_35("5b", 32),
        _mixed_35("5c", 64, "Conv2d_0b_1x1", "Conv_1_0c_5x5"),
        _mixed_35("5d", 64),
        Mixed(
            "Mixed_6a",
            (
                (Conv2d(_MISNAMED_6A, (3, 3), 384, 2, "VALID"),),
                (
                    _conv("Conv2d_0a_1x1", 64),
                    _conv("Conv2d_0b_3x3", 96),
                    Conv2d(_MISNAMED_6A, (3, 3), 96, 2, "VALID"),
                ),
                (_HALVED,),
            ),
        ),
        _mixed_17("6b", 128),
        _mixed_17("6c", 160),
        _mixed_17("6d", 160),
        _mixed_17("6e", 192),
        Mixed(
            "Mixed_7a",
            (
                (_conv("Conv2d_0a_1x1", 192), _valid("Conv2d_1a_3x3", 320, 2)),
                (
                    _conv("Conv2d_0a_1x1", 192),
                    _conv("Conv2d_0b_1x7", 192),
                    _conv("Conv2d_0c_7x1", 192),
                    _valid("Conv2d_1a_3x3", 192, 2),
                ),
                (_HALVED,),
            ),
        ),
        _mixed_8("7b", "Conv2d_0b_3x1"),
        _mixed_8("7c", "Conv2d_0c_3x1"),
    ),
    logits="Conv2d_1c_1x1",
    pre_logits=True,
)
