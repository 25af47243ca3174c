"""Unpacks Snappy's format, in which some savers write the blocks of an index.

Source: `format_description.txt` of github.com/google/snappy.
"""

_LITERAL = 0
# Bytes behind the first one of a copy, which say how far back it reaches.
_OFFSET_BYTES = {1: 1, 2: 2, 3: 4}
_MORE = 0x80  # of a byte after which a number goes on
_SHORT = 60  # a longer literal has its length in bytes behind the first one


def unpacked(data: bytes, most: int) -> bytes:
    """Unpacks a block.

    Args:
        data: As it is stored.
        most: Bytes that it may come to.

    Returns:
        What was packed.

    Raises:
        ValueError: If it is no such block, or a longer one.
        IndexError: If it is cut off.
    """
    length, place = varint(data, 0)
    if length > most:
        raise ValueError
    found = bytearray()
    while place < len(data):
        kind, upper = data[place] & 3, data[place] >> 2
        place += 1
        if kind == _LITERAL:
            size, place = _length(data, place, upper)
            found += data[place : place + size]
            place += size
        else:
            count = _OFFSET_BYTES[kind]
            back = int.from_bytes(data[place : place + count], "little")
            place += count
            size = upper + 1
            if kind == 1:
                back, size = back | (upper >> 3) << 8, (upper & 7) + 4
            _copy(found, back, size)
        if len(found) > length:
            raise ValueError
    if len(found) != length:
        raise ValueError
    return bytes(found)


def _length(data: bytes, place: int, upper: int) -> tuple[int, int]:
    """Reads how long a literal is; returns that, and where it begins."""
    if upper < _SHORT:
        return upper + 1, place
    count = upper - _SHORT + 1
    return int.from_bytes(data[place : place + count], "little") + 1, place + count


def _copy(found: bytearray, back: int, size: int) -> None:
    """Appends what was found before, which may reach into what is appended."""
    if not 0 < back <= len(found):
        raise ValueError
    start = len(found) - back
    for place in range(start, start + size):
        found.append(found[place])


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Reads a number of seven bits a byte.

    Args:
        data: In which it stands.
        place: Where it begins.

    Returns:
        The number, and what comes after it.

    Raises:
        ValueError: If it has more than 64 bits.
        IndexError: If it is cut off.
    """
    value = 0
    for shift in range(0, 64, 7):
        byte = data[place]
        place += 1
        value |= (byte & ~_MORE) << shift
        if byte < _MORE:
            return value, place
    raise ValueError
