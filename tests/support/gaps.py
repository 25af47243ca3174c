"""How far arrays are apart."""

import numpy as np


def gap(expected, found):
    """Returns the largest difference over the largest value that is expected."""
    return np.abs(expected - found).max() / np.abs(expected).max()
