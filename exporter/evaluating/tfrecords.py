"""Reads TFRecord files, plain or gzipped, and says where one is damaged.

TensorFlow's own readers know fewer file systems than Beam, and end with the first damage.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import google_crc32c

_GZIP = b"\x1f\x8b"
_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
# Added to checksums, so that those of data with checksums in it are no worse.
_MASK = 0xA282EAD8
_BITS = 0xFFFFFFFF


class DamagedShardError(Exception):
    """Nothing behind a place in the file can be read; the number of its record is the argument."""


@dataclass(frozen=True)
class TFRecord:
    """One record.

    Attributes:
        number: Which of its file's, from 0.
        data: Its bytes; None if they are not those that were written.
    """

    number: int
    data: bytes | None


def records(file: IO[bytes], part: int = 0, parts: int = 1) -> Iterator[TFRecord]:
    """Reads every record of a file, or every n-th.

    Args:
        file: Opened at its start, as it is stored.
        part: Which of the parts; record k belongs to part k modulo their number.
        parts: How many there are.

    Yields:
        The records of the part in order.

    Raises:
        DamagedShardError: If the file ends early, or its structure is broken, in a record of
            this part; in one of another part the records just end.
    """
    gzipped = _is_gzipped(file)
    source: IO[bytes] = gzip.GzipFile(fileobj=file) if gzipped else file  # type: ignore[assignment]
    number = 0
    while True:
        own = number % parts == part
        try:
            found, data = _next(source, own=own, skips=not gzipped)
        except (EOFError, OSError, ValueError, zlib.error) as error:
            if own:
                raise DamagedShardError(number) from error
            return
        if not found:
            return
        if own:
            yield TFRecord(number, data)
        number += 1


def _is_gzipped(file: IO[bytes]) -> bool:
    """Looks at the start of a file: that of a plain one may be a length of the same two bytes."""
    start = file.read(_HEADER.size)
    file.seek(0)
    return start.startswith(_GZIP) and not _is_header(start)


def _is_header(start: bytes) -> bool:
    return len(start) == _HEADER.size and _masked(start[:8]) == _HEADER.unpack(start)[1]


def _next(source: IO[bytes], *, own: bool, skips: bool) -> tuple[bool, bytes | None]:
    """Reads or passes over a record; says whether there was one."""
    header = source.read(_HEADER.size)
    if not header:
        return False, None
    if len(header) < _HEADER.size:
        raise EOFError
    if not _is_header(header):
        raise ValueError("no record begins here")
    rest = _HEADER.unpack(header)[0] + _CHECKSUM.size
    if not own and skips:
        source.seek(rest, 1)
        return True, None
    data = source.read(rest)
    if len(data) < rest:
        raise EOFError
    content, checksum = data[: -_CHECKSUM.size], data[-_CHECKSUM.size :]
    right = not own or _masked(content) == _CHECKSUM.unpack(checksum)[0]
    return True, content if right else None


def _masked(data: bytes) -> int:
    checksum: int = google_crc32c.value(data)
    return (((checksum >> 15) | (checksum << 17)) + _MASK) & _BITS
