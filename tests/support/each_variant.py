"""The named variants, for tests that take each of them."""

import pytest

from slim_nets.registry import resized, variants

# Of the features' parameters: those that are computed in seconds.
MOST = 6_000_000


def each_variant():
    """Names all; quick is one of each small network, the rest is for `--full`."""
    seen, params = set(), []
    for name, variant in variants().items():
        large = variant.shape("feature_vector").parameters > MOST
        again = variant.family in seen
        seen.add(variant.family)
        params.append(pytest.param(name, marks=pytest.mark.full if large or again else ()))
    return params


def at_few_pixels(variant, size):
    """Returns a variant at few pixels, or at as few as it takes."""
    return resized(variant, image_size=max(size, variant.network.min_image_size))
