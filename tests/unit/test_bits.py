"""Comparing arrays bit for bit."""

import numpy as np
import pytest

from exporter.verifier.comparison.bits import difference

ONES = np.ones([2, 3], np.float32)


def test_equal_arrays_do_not_differ():
    assert difference(ONES, ONES.copy()) is None
    not_numbers = np.full([2], np.nan, np.float32)
    assert difference(not_numbers, not_numbers.copy()) is None


def test_one_ulp_differs():
    found = ONES.copy()
    found[1, 2] = np.nextafter(np.float32(1), np.float32(2))
    differs = difference(ONES, found)
    assert differs.differing == 1
    assert differs.where == "at [1, 2] expected 1.0, found 1.0000001"


def test_negative_zero_differs():
    assert difference(np.zeros(1, np.float32), -np.zeros(1, np.float32)).differing == 1


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (np.ones([3, 2], np.float32), "expected float32 [2, 3], found float32 [3, 2]"),
        (np.ones([2, 3]), "expected float32 [2, 3], found float64 [2, 3]"),
    ],
)
def test_other_shapes_and_types_differ(found, where):
    assert difference(ONES, found).where == where


def test_scalars():
    assert difference(np.float32(1), np.float32(1)) is None
    assert difference(np.asarray(np.float32(1)), np.asarray(np.float32(2))).differing == 1
