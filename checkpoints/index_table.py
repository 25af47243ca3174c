"""Reads the file format of a checkpoint's index: a sorted table in LevelDB's format.

Source: `table.cc`, `block.cc` and `format.cc` of TensorFlow's `core/lib/io`. Its checksums
are left to TensorFlow's own reader; what that one takes for granted is looked at here.
"""

import struct
from collections.abc import Iterator
from itertools import pairwise

from checkpoints import snappy
from checkpoints.snappy import varint

# What no index comes near: the largest published one has 9 KB, and names of some 80 bytes.
MAX_BYTES = 1 << 25
MAX_KEY = 4096

_MAX_BLOCK = 1 << 20  # bytes, unpacked; writers end a block at a quarter of that
_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # bytes: two places of blocks, filled up, and the magic number
_TRAILER = 5  # bytes behind each block: how it is compressed, and its checksum
_PLAIN, _SNAPPY = 0, 1


class DamagedTableError(ValueError):
    """A table that no writer makes; the text says what was expected and what was found."""


def read_table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Reads all entries of a table.

    Args:
        data: The file.

    Yields:
        Keys in their order, each of which comes once, and values.

    Raises:
        DamagedTableError: If it is none, or has keys that would fill the memory.
    """
    try:
        yield from _in_order(_all_entries(data))
    except DamagedTableError:
        raise
    except (struct.error, IndexError, ValueError) as error:
        raise _damaged("whole blocks", "one that is cut off, or other bytes") from error


def _all_entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(data) < _FOOTER or struct.unpack_from("<Q", data, len(data) - 8)[0] != _MAGIC:
        raise _damaged("a table of names and places", "other bytes")
    _, place = _handle(data, len(data) - _FOOTER)  # of a block that savers leave empty
    blocks, _ = _handle(data, place)
    for _, value in _entries(_block(data, blocks)):
        handle, _ = _handle(value, 0)
        yield from _entries(_block(data, handle))


def _in_order(entries: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Refuses keys that come twice, or in another order than searches rely on."""
    before: bytes | None = None
    held = 0
    for key, value in entries:
        if before is not None and key <= before:
            raise _damaged("every name once, in order", f"{_shown(key)} after {_shown(before)}")
        # Keys say how much of the one before they begin with, so that few bytes make many.
        held += len(key) + len(value)
        if held > MAX_BYTES:
            raise _damaged(f"at most {MAX_BYTES} bytes of names and places", "more")
        before = key
        yield key, value


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Reads the entries of a block, each of which begins as the one before it did."""
    (count,) = struct.unpack_from("<I", block, len(block) - 4)
    end = len(block) - 4 * (count + 1)
    restarts = struct.unpack_from(f"<{count}I", block, end) if end >= 0 else ()
    place, key = 0, b""
    whole: set[int] = set()
    while place < end:
        shared, first = varint(block, place)
        added, first = varint(block, first)
        size, first = varint(block, first)
        if shared + added > MAX_KEY:
            raise _damaged(f"names of at most {MAX_KEY} bytes", f"one of {shared + added}")
        if shared > len(key) or first + added + size > end:
            raise _damaged("entries that lie in their block", "one that does not")
        if not shared:
            whole.add(place)
        key = key[:shared] + block[first : first + added]
        place = first + added + size
        yield key, block[first + added : place]
    # At these a search begins to read, in the midst of an entry if they say so.
    if not restarts or not whole.issuperset(restarts) or any(b <= a for a, b in pairwise(restarts)):
        raise _damaged("blocks whose parts begin with whole names", "one with other parts")


def _block(data: bytes, handle: tuple[int, int]) -> bytes:
    start, size = handle
    block, kind = data[start : start + size], data[start + size]
    if start + size + _TRAILER > len(data) or kind not in (_PLAIN, _SNAPPY):
        raise _damaged("whole blocks", "one that is cut off, or packed in an unknown way")
    return block if kind == _PLAIN else snappy.unpacked(block, _MAX_BLOCK)


def _handle(data: bytes, place: int) -> tuple[tuple[int, int], int]:
    """Reads where a block lies and how long it is; returns that, and what comes after."""
    start, place = varint(data, place)
    size, place = varint(data, place)
    return (start, size), place


def _shown(key: bytes) -> str:
    return repr(key[:60].decode(errors="replace"))


def _damaged(expected: str, found: str) -> DamagedTableError:
    return DamagedTableError(f"expected {expected}, found {found}")
