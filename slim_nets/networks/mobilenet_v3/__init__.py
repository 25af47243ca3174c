"""MobileNet V3, its minimalistic form, and MobilenetEdgeTPU."""

from collections.abc import Callable
from functools import partial

from slim_nets.network import Network, OtherConstant, OtherWidths, Task
from slim_nets.networks.mobilenet_v3.builder import build
from slim_nets.networks.mobilenet_v3.rows import EDGETPU, LARGE, SMALL, Table, minimalistic, row_of
from slim_nets.networks.mobilenet_v3.words import EDGETPU_OVERVIEW, page_words
from slim_nets.page_words import PageWords

# ImageNet's thousand classes and, first, the background.
_NUM_CLASSES = 1001
# Height and width of the images in pixels.
_IMAGE_SIZE = 224


def _network(
    name: str, table: Table, multipliers: tuple[float, ...], words: Callable[[Task], PageWords]
) -> Network:
    return Network(
        name,
        table.scope,
        partial(build, table=table),
        tuple((multiplier, _IMAGE_SIZE) for multiplier in multipliers),
        _NUM_CLASSES,
        partial(row_of, table=table),
        words,
        background=True,
        other_widths=(
            OtherWidths(
                "last layer multiplied",
                "TF-Slim's default",
                "Leave it as it is for multipliers below 1.",
                partial(build, table=table, multiply_last=True),
            ),
        ),
        other_constants=(
            OtherConstant(
                "slope of the squeeze-and-excite gate",
                "Use 0.16667, with which the checkpoints were trained, not 1/6.",
                right=0.16667,
                wrong=1 / 6,
            ),
        ),
    )


def _v3(size: str) -> Callable[[Task], PageWords]:
    return partial(page_words, title=f"MobileNet V3 {size}")


_SMALL = minimalistic(SMALL)
_LARGE = minimalistic(LARGE)
_TPU_WORDS = partial(page_words, title="MobilenetEdgeTPU", overview=EDGETPU_OVERVIEW)

NETWORKS = (
    _network("mobilenet_v3_small", SMALL, (0.75, 1.0), _v3("small")),
    _network("mobilenet_v3_large", LARGE, (0.75, 1.0), _v3("large")),
    _network("mobilenet_v3_small_minimalistic", _SMALL, (1.0,), _v3("small minimalistic")),
    _network("mobilenet_v3_large_minimalistic", _LARGE, (1.0,), _v3("large minimalistic")),
    _network("mobilenet_edgetpu", EDGETPU, (0.75, 1.0), _TPU_WORDS),
)
