"""One of each network and multiplier, for tests that take them all."""

import pytest

from slim_nets.registry import resized, variants

# Of the features' parameters: those that are computed in seconds.
MOST = 6_000_000


def each_variant():
    """Names one of each network and multiplier, as parameters of a test.

    Quick is one of each small network, the rest is for `--full`.
    """
    families, params = set(), []
    for name in one_of_each():
        variant = variants()[name]
        large = variant.shape("feature_vector").parameters > MOST
        full = large or variant.family in families
        families.add(variant.family)
        params.append(pytest.param(name, marks=pytest.mark.full if full else ()))
    return params


def one_of_each():
    """Names one of each network and multiplier: a size of images changes no layer."""
    each = {}
    for variant in variants().values():
        each.setdefault((variant.family, variant.depth_multiplier), variant.name)
    return list(each.values())


def at_few_pixels(variant, size):
    """Returns a variant at few pixels, or at as few as it takes."""
    return resized(variant, image_size=max(size, variant.network.min_image_size))
