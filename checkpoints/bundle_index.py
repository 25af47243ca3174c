"""What a checkpoint's index says of its tensors, looked at before TensorFlow's own reader does.

That one ends the process over a negative shape, the same part twice or an entry that is no
entry, reads beyond parts whose shapes are wrong, takes as much memory as a shape asks for, and
passes over a damaged block as if nothing were missing.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import tensor_bundle_pb2

from checkpoints.index_table import MAX_BYTES, DamagedTableError, read_table
from checkpoints.layout import CheckpointError
from checkpoints.slice_names import WHOLE, slice_key
from checkpoints.snappy import varint

# The largest networks of TF-Slim have some 3000 with all of an optimizer's slots.
MAX_TENSORS = 100_000

_HEADER = b""
_MAX_DIMENSIONS = 254
_MAX_VALUES = 1 << 62
_FIRST_REFERENCE = 100  # types from here on are those of references to other types
_VARINT = 10  # bytes at most
_CHECKSUM = 4


@dataclass(frozen=True)
class StoredTensor:
    """What a checkpoint says of a tensor.

    Attributes:
        shape: Its shape.
        dtype: Name of its type, such as `float32`.
    """

    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        """Says both, such as `float32 [3, 3]`."""
        return f"{self.dtype} {list(self.shape)}"


@dataclass(frozen=True)
class BundleIndex:
    """An index in which every entry is one that a saver could have written.

    Attributes:
        prefix: The checkpoint.
        files: How many data files it has.
        tensors: What it holds, by name; partitioned variables are whole ones here.
    """

    prefix: Path
    files: int
    tensors: dict[str, StoredTensor]
    _entries: Mapping[bytes, Any]

    def check_values(self, name: str) -> None:
        """Refuses a tensor whose values are not where the index says.

        Args:
            name: Of the tensor.

        Raises:
            CheckpointError: If its bytes, or those of its parts, are not all in their file.
        """
        entry = self._entries[name.encode()]
        parts = [_key_of(name.encode(), part) for part in entry.slices] or [name.encode()]
        for key in parts:
            self._check_bytes(name, self._entries[key])

    def check_all(self) -> None:
        """Refuses what `check_values` does, in all tensors."""
        for name in self.tensors:
            self.check_values(name)

    def _check_bytes(self, name: str, entry: Any) -> None:
        number = f"{entry.shard_id:05d}-of-{self.files:05d}"
        path = self.prefix.with_name(f"{self.prefix.name}.data-{number}")
        end = entry.offset + entry.size
        try:
            held = path.stat().st_size
            fills = entry.dtype != tf.string.as_datatype_enum or _fills_its_bytes(path, entry)
        except OSError as error:
            raise unreadable(self.prefix, f"'{path.name}': {error.strerror}") from error
        if end > held:
            expected = f"'{name}' to end at byte {end} of '{path.name}'"
            raise unreadable(self.prefix, f"expected {expected}, found {held} bytes there")
        if not fills:
            expected = f"strings in '{name}' that fill its bytes"
            raise unreadable(self.prefix, f"expected {expected}, found other lengths")


def read_index(prefix: Path) -> BundleIndex:
    """Reads an index.

    Args:
        prefix: The checkpoint.

    Returns:
        What it says.

    Raises:
        CheckpointError: If it is no index, or says what no saver writes.
    """
    try:
        header, entries = _entries_of(Path(f"{prefix}.index"))
        for name, entry in entries.items():
            _check_entry(_shown(name), entry, header.num_shards)
        parts = {key for name, entry in entries.items() for key in _parts(name, entry, entries)}
        whole = {key.decode(): entry for key, entry in entries.items() if key not in parts}
        _check_apart(entries)
    except DamagedTableError as error:
        raise unreadable(prefix, str(error)) from error
    except (DecodeError, UnicodeDecodeError) as error:
        raise unreadable(prefix, "expected names and places of tensors, found others") from error
    except OSError as error:
        raise unreadable(prefix, f"its index: {error.strerror}") from error
    tensors = {name: _stored(entry) for name, entry in whole.items()}
    return BundleIndex(prefix, header.num_shards, tensors, entries)


def unreadable(prefix: Path, why: str) -> CheckpointError:
    """Makes the refusal of a checkpoint that is not whole."""
    return CheckpointError(f"Checkpoint '{prefix}' cannot be read: {why}. Fetch or copy it again.")


def _entries_of(path: Path) -> tuple[Any, dict[bytes, Any]]:
    """Reads header and entries as the protobufs that they are."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _damaged(f"an index of at most {MAX_BYTES} bytes", f"{size}")
    table = read_table(path.read_bytes())
    key, value = next(table, (None, b""))
    header = tensor_bundle_pb2.BundleHeaderProto.FromString(value)
    if key != _HEADER or header.num_shards < 1:
        raise _damaged("a header that says how many data files there are", "none")
    if header.endianness != tensor_bundle_pb2.BundleHeaderProto.LITTLE:
        raise _damaged("values with their lowest byte first", "the highest first")
    entries: dict[bytes, Any] = {}
    for key, value in table:
        if len(entries) == MAX_TENSORS:
            raise _damaged(f"at most {MAX_TENSORS} tensors", "more")
        entries[key] = tensor_bundle_pb2.BundleEntryProto.FromString(value)
    return header, entries


def _parts(name: bytes, entry: Any, entries: Mapping[bytes, Any]) -> Iterator[bytes]:
    """Checks the parts of a partitioned variable; yields their keys."""
    shape, values = _shape(entry), 0
    seen: set[bytes] = set()
    for part in entry.slices:
        lengths = _lengths(_shown(name), shape, part)
        key = _key_of(name, part)
        found = entries.get(key)
        expected = StoredTensor(lengths, _stored(entry).dtype)
        if found is None or found.slices or _stored(found) != expected:
            there = _stored(found) if found else "none"
            raise _damaged(f"a part {expected} of {_shown(name)}", f"{there}")
        seen.add(key)
        values += math.prod(lengths)
        yield key
    if entry.slices and (len(seen), values) != (len(entry.slices), math.prod(shape)):
        whole = f"parts of {_shown(name)} that make up its {math.prod(shape)} values"
        raise _damaged(whole, f"{len(seen)} of {values}")


def _lengths(name: str, shape: tuple[int, ...], part: Any) -> tuple[int, ...]:
    """Returns the shape of a part."""
    extents = _extents(part)
    inside = len(extents) == len(shape) and all(
        (start, length) == (0, WHOLE) or (start >= 0 < length <= size - start)
        for (start, length), size in zip(extents, shape, strict=True)
    )
    if not inside or all(length == WHOLE for _, length in extents):
        raise _damaged(f"parts of {name} inside {list(shape)}", f"{extents}")
    return tuple(
        size if length == WHOLE else length
        for (_, length), size in zip(extents, shape, strict=True)
    )


def _extents(part: Any) -> list[tuple[int, int]]:
    return [(e.start, e.length if e.HasField("length") else WHOLE) for e in part.extent]


def _key_of(name: bytes, part: Any) -> bytes:
    return slice_key(name, _extents(part))


def _check_entry(name: str, entry: Any, files: int) -> None:
    """Refuses an entry that says of itself what cannot be."""
    shape = _shape(entry)
    impossible = entry.shape.unknown_rank or len(shape) > _MAX_DIMENSIONS
    # One by one: a zero among them would hide that others are too large.
    if impossible or any(n < 0 for n in shape) or math.prod(n or 1 for n in shape) > _MAX_VALUES:
        raise _damaged(f"a shape that values of {name} can have", f"{list(shape[:8])}")
    if not 0 <= entry.shard_id < files or entry.offset < 0 or entry.size < 0:
        found = f"file {entry.shard_id}, byte {entry.offset}, {entry.size} bytes"
        raise _damaged(f"{name} at a place in one of {files} files", found)
    values, dtype = math.prod(shape), _dtype(name, entry)
    # A string has its length in front, of a byte at least.
    if dtype == tf.string:
        fits = entry.size >= values or bool(entry.slices)
    else:
        fits = entry.size == (0 if entry.slices else values * dtype.size)
    if not fits:
        expected = f"as many bytes of {name} as {dtype.name} {list(shape)} takes"
        raise _damaged(expected, f"{entry.size}")


def _dtype(name: str, entry: Any) -> Any:
    try:
        dtype = tf.as_dtype(entry.dtype)
    except TypeError:
        dtype = None
    if dtype is None or entry.dtype >= _FIRST_REFERENCE or not dtype.is_numpy_compatible:
        found = dtype.name if dtype else f"type {entry.dtype}"
        raise _damaged(f"numbers or strings in {name}", found)
    return dtype


def _check_apart(entries: Mapping[bytes, Any]) -> None:
    """Refuses tensors that share bytes, so that small files come to no more than they hold."""
    places = sorted((e.shard_id, e.offset, e.size, n) for n, e in entries.items() if e.size)
    for (file, start, size, name), (next_file, next_start, _, other) in pairwise(places):
        if file == next_file and start + size > next_start:
            both = f"{_shown(name)} and {_shown(other)} in the same ones"
            raise _damaged("every tensor in bytes of its own", both)


def _fills_its_bytes(path: Path, entry: Any) -> bool:
    """Says whether the lengths of strings, which stand before them, come to all of their bytes."""
    values = math.prod(_shape(entry))
    with path.open("rb") as file:
        file.seek(entry.offset)
        lengths = file.read(min(entry.size, values * _VARINT))
    place, taken = 0, 0
    try:
        for _ in range(values):
            length, place = varint(lengths, place)
            taken += length
    except (IndexError, ValueError):
        return False
    return bool(place + _CHECKSUM + taken == entry.size)


def _stored(entry: Any) -> StoredTensor:
    return StoredTensor(_shape(entry), tf.as_dtype(entry.dtype).name)


def _shape(entry: Any) -> tuple[int, ...]:
    return tuple(dim.size for dim in entry.shape.dim)


def _shown(name: bytes) -> str:
    return repr(name.decode(errors="replace")[:100])


def _damaged(expected: str, found: str) -> DamagedTableError:
    return DamagedTableError(f"expected {expected}, found {found}")
