"""MobileNet V2: its table, built by MobileNet V3's loop, and what its pages say."""

from dataclasses import replace
from functools import partial

from slim_nets.network import Network, OtherWidths, Task
from slim_nets.networks.mobilenet_v3.builder import build
from slim_nets.networks.mobilenet_v3.rows import Bneck, Conv, Table, row_of
from slim_nets.networks.mobilenet_v3.words import SLIM, narrowed
from slim_nets.page_words import IMAGENET, FamilyMember, PageWords

# ImageNet's thousand classes and, first, the background.
_NUM_CLASSES = 1001


def _bottleneck(inputs: int, expansion: int, num_outputs: int, stride: int = 1) -> Bneck:
    """Makes a row as the paper has it, by a factor of the channels that enter it."""
    exp_size = expansion * inputs
    return Bneck(3, exp_size, num_outputs, squeeze_excite=False, activation="relu6", stride=stride)


# Source: arXiv:1801.04381, Table 2.
TABLE = Table(
    "MobilenetV2",
    (
        Conv(3, 32, "relu6", 2),
        _bottleneck(32, 1, 16),
        _bottleneck(16, 6, 24, 2),
        _bottleneck(24, 6, 24),
        _bottleneck(24, 6, 32, 2),
        *(_bottleneck(32, 6, 32),) * 2,
        _bottleneck(32, 6, 64, 2),
        *(_bottleneck(64, 6, 64),) * 3,
        _bottleneck(64, 6, 96),
        *(_bottleneck(96, 6, 96),) * 2,
        _bottleneck(96, 6, 160, 2),
        *(_bottleneck(160, 6, 160),) * 2,
        _bottleneck(160, 6, 320),
        Conv(1, 1280, "relu6", 1),
    ),
)

_OVERVIEW = """\
MobileNet V2 is a family of networks that recognize images on phones and other small devices. Their
blocks have few channels between them and many inside, where each is convolved by itself. They are
described by"""

_PAPERS = """\
  * Mark Sandler, Andrew Howard, Menglong Zhu, Andrey Zhmoginov, Liang-Chieh Chen: ["Inverted
    Residuals and Linear Bottlenecks: Mobile Networks for Classification, Detection and
    Segmentation"](https://arxiv.org/abs/1801.04381), 2018."""

_SIZES = """\
A depth multiplier scales the number of channels in all layers, for less accuracy in less time.
Weights were published for images of 96, 128, 160, 192 and 224 pixels."""

_REMARKS = f"""\
Accuracy, multiply-accumulates and latency are those of
[TF-Slim's list of checkpoints]({SLIM}/README.md).
Parameters are those of the networks as `{{task}}`, counted, with the moving averages of batch
norm."""

# Multiplier and image size: millions of multiply-accumulates, and milliseconds on a Pixel 1.
_PUBLISHED = {
    (0.35, 96): ("11", "4.5"),
    (0.35, 128): ("20", "6.9"),
    (0.35, 160): ("30", "10.5"),
    (0.35, 192): ("43", "14.6"),
    (0.35, 224): ("59", "19.7"),
    (0.5, 96): ("18", "6.4"),
    (0.5, 128): ("32", "9.9"),
    (0.5, 160): ("50", "14.9"),
    (0.5, 192): ("71", "21.1"),
    (0.5, 224): ("97", "28.7"),
    (0.75, 96): ("39", "14.2"),
    (0.75, 128): ("69", "21.9"),
    (0.75, 160): ("107", "30.4"),
    (0.75, 192): ("153", "41.6"),
    (0.75, 224): ("209", "55.8"),
    (1.0, 96): ("56", "17.6"),
    (1.0, 128): ("99", "27.6"),
    (1.0, 160): ("154", "40.2"),
    (1.0, 192): ("221", "55.1"),
    (1.0, 224): ("300", "73.8"),
    (1.3, 224): ("509", "123.0"),
    (1.4, 224): ("582", "138.0"),
}

_FAMILY = tuple(
    FamilyMember(f"mobilenet_v2_{round(100 * multiplier):03d}_{size}", f"{size} x {size}", measured)
    for (multiplier, size), measured in _PUBLISHED.items()
)


def page_words(task: Task) -> PageWords:
    """Says what the pages of these networks say of them, as `Network.words`."""
    return replace(
        IMAGENET,
        full_name="MobileNet V2",
        architecture="mobilenet-v2",
        overview=_OVERVIEW,
        papers=_PAPERS,
        sizes=_SIZES,
        columns=("Multiply-accumulates (M)", "Pixel 1 (ms)"),
        family=_FAMILY,
        remarks=_REMARKS.format(task=task),
        source=f"TF-Slim's\n[`mobilenet_v2`]({SLIM}/mobilenet_v2.py)",
        narrowed=narrowed(task),
        checkpoints=f"[TF-Slim's checkpoints]({SLIM}/README.md)",
    )


NETWORKS = (
    Network(
        "mobilenet_v2",
        TABLE.scope,
        partial(build, table=TABLE),
        tuple(_PUBLISHED),
        _NUM_CLASSES,
        partial(row_of, table=TABLE),
        page_words,
        background=True,
        other_widths=(
            OtherWidths(
                "last layer multiplied",
                "TF-Slim's default",
                "Leave it as it is for multipliers below 1.",
                partial(build, table=TABLE, multiply_last=True),
            ),
        ),
    ),
)
