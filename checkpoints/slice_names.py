"""Under which names the parts of a partitioned variable lie in a checkpoint.

Source: `EncodeTensorNameSlice` in `saved_tensor_slice_util.cc`, and `ordered_code.cc`, of
TensorFlow: bytes that sort as name, number of dimensions, and each part's starts and lengths do.
"""

from collections.abc import Iterable

# The length of a part that is as long as the whole.
WHOLE = -1

_END_OF_NAME = b"\x00\x01"
# A number of so many bits fills one byte; each byte more brings seven.
_FIRST_BITS, _MORE_BITS = 6, 7


def slice_key(name: bytes, extents: Iterable[tuple[int, int]]) -> bytes:
    """Returns the key of a part.

    Args:
        name: Of the whole variable, in UTF-8.
        extents: Start and length in every dimension; 0 and `WHOLE` for all of it.

    Returns:
        The key in the checkpoint's index.
    """
    parts = [part for extent in extents for part in extent]
    escaped = name.replace(b"\x00", b"\x00\xff")
    dimensions = _unsigned(len(parts) // 2)
    return _unsigned(0) + escaped + _END_OF_NAME + dimensions + b"".join(map(_signed, parts))


def _unsigned(number: int) -> bytes:
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(digits)]) + digits


def _signed(number: int) -> bytes:
    """Writes a number with as many ones in front as it has bytes, all turned over if negative."""
    bits = (~number if number < 0 else number).bit_length()
    length = 1 + max(0, -(-(bits - _FIRST_BITS) // _MORE_BITS))
    ones = ((1 << length) - 1) << (8 * length - length)
    value = number & ((1 << 8 * length) - 1)
    return (value ^ ones).to_bytes(length, "big")
