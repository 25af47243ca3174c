"""Values are the same if their bits are, whatever their type, form and place in memory."""

import numpy as np
import pytest
from ml_dtypes import bfloat16

from exporter.verifier.subjects.subject import same_bits, unequal

NAN, OTHER_NAN = np.array([0x7FC00000, 0x7FC00001], np.uint32).view(np.float32)
ROWS = np.arange(24, dtype=np.float32).reshape(4, 6)


@pytest.mark.parametrize(
    "array",
    [
        np.float32([1, NAN, -0.0]),
        np.float64(0.5),
        np.zeros([0, 3], np.float32),
        np.array([True, False, True]),
        np.array([b"one", b"three"]),
        np.array([1, 2, 3], bfloat16),
        np.float32([1, 2, 3]),
        np.array([1j, 2]),
        ROWS.T,
        ROWS[:, ::2],
    ],
)
def test_a_copy_is_the_same(array):
    assert same_bits(array, np.array(array, order="C"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.float32([0, 1]), np.float32([-0.0, 1])),
        (np.float32([NAN]), np.float32([OTHER_NAN])),
        (np.float32([1]), np.float64([1])),
        (np.float32([1, 2]), np.float32([[1, 2]])),
        (np.int32([1]), np.uint32([1])),
        (np.array([b"one"]), np.array([b"two"])),
        (np.array([1, 2, 3], bfloat16), np.array([1, 2, 4], bfloat16)),
        (np.arange(9, dtype=np.uint8), np.arange(9, dtype=np.uint8)[::-1]),
        (np.float32([1, 2, 3]), np.float32([1, 2, 4])),
        (ROWS, np.where(ROWS == 23, np.nextafter(ROWS, 99), ROWS)),
    ],
)
def test_others_are_not(one, other):
    assert not same_bits(one, other)


def test_unequal_names_what_is_missing_or_differs():
    one, other = {"a": ROWS, "b": ROWS, "c": ROWS}, {"a": ROWS, "b": -ROWS, "d": ROWS}
    assert unequal(one, other) == ["b", "c"]
