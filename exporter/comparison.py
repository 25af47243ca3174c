"""Compares arrays bit for bit."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Difference:
    """How two arrays differ.

    Attributes:
        differing: Number of values that are not the same bits.
        max_abs: Largest absolute difference; infinite where shapes or dtypes differ.
        where: The first differing value with both its forms, for a person.
    """

    differing: int
    max_abs: float
    where: str


def difference(expected: np.ndarray, found: np.ndarray) -> Difference | None:
    """Compares two arrays bit for bit, so that NaN equals itself and 0 is not -0.

    Args:
        expected: The reference.
        found: What is judged.

    Returns:
        None if shape, dtype and all bits are equal, else how they differ.
    """
    if (expected.shape, expected.dtype) != (found.shape, found.dtype):
        where = (
            f"expected {expected.dtype} {list(expected.shape)},"
            f" found {found.dtype} {list(found.shape)}"
        )
        return Difference(max(expected.size, found.size), np.inf, where)
    if expected.tobytes() == found.tobytes():
        return None
    unequal = _bits(expected) != _bits(found)
    first = np.unravel_index(int(np.argmax(unequal)), unequal.shape)
    with np.errstate(invalid="ignore"):
        gaps = np.abs(expected.astype(np.float64) - found.astype(np.float64))
    index = [int(i) for i in first]
    where = f"at {index} expected {expected[first]!s}, found {found[first]!s}"
    return Difference(int(unequal.sum()), float(np.max(gaps)), where)


def _bits(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(array.tobytes(), f"u{array.dtype.itemsize}").reshape(array.shape)
