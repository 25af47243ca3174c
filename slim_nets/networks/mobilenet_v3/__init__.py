"""MobileNet V3, its minimalistic form, and MobilenetEdgeTPU."""

from functools import partial

from slim_nets.network import Network, OtherConstant, OtherWidths
from slim_nets.networks.mobilenet_v3.builder import build
from slim_nets.networks.mobilenet_v3.rows import EDGETPU, LARGE, SMALL, Table, minimalistic, row_of

# ImageNet's thousand classes and, first, the background.
_NUM_CLASSES = 1001
# Height and width of the images in pixels.
_IMAGE_SIZE = 224


def _network(name: str, table: Table, multipliers: tuple[float, ...]) -> Network:
    return Network(
        name,
        table.scope,
        partial(build, table=table),
        tuple((multiplier, _IMAGE_SIZE) for multiplier in multipliers),
        _NUM_CLASSES,
        partial(row_of, table=table),
        background=True,
        known_mistakes=(
            OtherWidths(
                "last layer multiplied",
                "Leave it as it is for multipliers below 1.",
                partial(build, table=table, multiply_last=True),
            ),
            OtherConstant(
                "slope of the squeeze-and-excite gate",
                "Use 0.16667, with which the checkpoints were trained, not 1/6.",
                right=0.16667,
                wrong=1 / 6,
            ),
        ),
    )


NETWORKS = (
    _network("mobilenet_v3_small", SMALL, (0.75, 1.0)),
    _network("mobilenet_v3_large", LARGE, (0.75, 1.0)),
    _network("mobilenet_v3_small_minimalistic", minimalistic(SMALL), (1.0,)),
    _network("mobilenet_v3_large_minimalistic", minimalistic(LARGE), (1.0,)),
    _network("mobilenet_edgetpu", EDGETPU, (0.75, 1.0)),
)
