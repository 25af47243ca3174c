"""MobileNet V3 small with four of its eleven blocks, for tests in which the rest adds only time.

It has each kind of layer, and its first rows are those of the whole network. The registry
finds it here.
"""

from dataclasses import replace
from functools import partial

from slim_nets.networks.mobilenet_v3 import NETWORKS as MOBILENETS
from slim_nets.networks.mobilenet_v3.builder import build
from slim_nets.networks.mobilenet_v3.rows import SMALL, Conv, Pool, Table, row_of

# Of the one variant of it, which is named by its multiplier and the size of its images.
VARIANT, SIZE = "short_075_64", 64
SCOPE = "Short"
TABLE = Table(
    SCOPE,
    (
        *SMALL.rows[:5],
        Conv(1, 96, "hard_swish", 1),
        Pool(),
        Conv(1, 128, "hard_swish", 1, None),
    ),
)

_WHOLE = next(network for network in MOBILENETS if network.name == "mobilenet_v3_small")
NETWORKS = (
    replace(
        _WHOLE,
        name="short",
        scope=SCOPE,
        build=partial(build, table=TABLE),
        sizes=((0.75, SIZE),),
        row_of=partial(row_of, table=TABLE),
        other_widths=tuple(
            replace(widths, build=partial(build, table=TABLE, multiply_last=True))
            for widths in _WHOLE.other_widths
        ),
    ),
)
