"""Compares arrays bit for bit."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class UnequalBits:
    """How two arrays differ.

    Attributes:
        differing: Number of values that are not the same bits.
        where: The first differing value with both its forms, for a person.
    """

    differing: int
    where: str


def difference(expected: np.ndarray, found: np.ndarray) -> UnequalBits | None:
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
        return UnequalBits(max(expected.size, found.size), where)
    if expected.tobytes() == found.tobytes():
        return None
    unequal = unequal_bits(expected, found)
    return UnequalBits(int(unequal.sum()), first_of(unequal, expected, found))


def first_of(wrong: np.ndarray, expected: np.ndarray, found: np.ndarray) -> str:
    """Shows the first place that is marked as wrong, and both values there.

    Args:
        wrong: Boolean, of the shape of both; at least one is true.
        expected: The reference.
        found: What is judged.

    Returns:
        Such as "at [1, 2] expected 1.0, found 1.0000001".
    """
    first = first_index(wrong)
    index = f"at {[int(i) for i in first]} " if first else ""
    return f"{index}expected {expected[first]!s}, found {found[first]!s}"


def first_index(wrong: np.ndarray) -> tuple[int, ...]:
    """Returns the index of the first true value."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))


def unequal_bits(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Marks the values that are not the same bits, in arrays of one shape and dtype."""
    return np.asarray((_bytes(expected) != _bytes(found)).any(axis=-1))


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(array.tobytes(), np.uint8).reshape(*array.shape, array.dtype.itemsize)
