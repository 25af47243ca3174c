"""Networks for tests that go through all: variants of other sizes have the same layers."""

import pytest

from slim_nets.registry import variants


def each_multiplier():
    """Names a variant of each network and multiplier: the first of a network, for --full the rest.

    Returns:
        Parameters of a test.
    """
    first = {}
    for name, variant in variants().items():
        first.setdefault((variant.family, variant.depth_multiplier), name)
    families = {}
    for (family, _), name in first.items():
        families.setdefault(family, []).append(name)
    quick = [pytest.param(names[0]) for names in families.values()]
    rest = [name for names in families.values() for name in names[1:]]
    return quick + [pytest.param(name, marks=pytest.mark.full) for name in rest]
