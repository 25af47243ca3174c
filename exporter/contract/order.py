"""Tells the orders in which a model may list its variables."""

import itertools
from collections.abc import Sequence

from exporter.contract.record import Order


def order_of(names: Sequence[str], used: Sequence[str]) -> Order:
    """Tells how a list of variables is ordered.

    A layer is what stands before the last slash of a name. An order is called
    arbitrary if more than half of the places at which variables of one layer
    could stand side by side are given to another layer's: no order by layers,
    by names or by the graph does that, and one of 208 variables drawn at
    random does it at nearly all places.

    Args:
        names: The list.
        used: All variables in the order in which the network uses them.

    Returns:
        "network" if the list keeps that order; variables that the network does
        not use may stand anywhere.
    """
    listed = set(names)
    wanted = [name for name in used if name in listed]
    if wanted and [name for name in names if name in set(wanted)] == wanted:
        return "network"
    layers = [name.rpartition("/")[0] for name in names]
    possible = len(layers) - len(set(layers))
    kept = sum(a == b for a, b in itertools.pairwise(layers))
    return "arbitrary" if possible and kept * 2 < possible else "other"
