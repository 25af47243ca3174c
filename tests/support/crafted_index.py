"""Writes the index of a checkpoint entry by entry, with right checksums, whatever it says."""

import struct

_CASTAGNOLI = 0x82F63B78
_LONG = 1 << 20


def rewrite(prefix, change, *, sort=True):
    """Changes what the index of a checkpoint says.

    Args:
        prefix: The checkpoint.
        change: Takes the entries, bytes by key, which it may change, and a function that makes
            those of one: `entry(dtype=1, shape=(2, 3), offset=0, size=24)`.
        sort: Whether to bring the keys in the order in which savers write them.
    """
    from checkpoints.index_table import read_table

    path = prefix.with_name(f"{prefix.name}.index")
    entries = dict(read_table(path.read_bytes()))
    changed = change(entries, entry) or list(entries.items())
    path.write_bytes(table(sorted(changed) if sort else changed))


def entry(shape=(), slices=(), **fields):
    """Makes the bytes of an entry; slices are pairs of start and length, None for a whole side."""
    from tensorflow.core.protobuf import tensor_bundle_pb2

    made = tensor_bundle_pb2.BundleEntryProto(**{"dtype": 1, **fields})
    made.shape.SetInParent()
    for size in shape:
        made.shape.dim.add(size=size)
    for extents in slices:
        part = made.slices.add()
        for extent in extents:
            side = part.extent.add()
            if extent is not None:
                side.start, side.length = extent
    return made.SerializeToString()


def table(*blocks, spoilt=None):
    """Writes a table whose keys share no beginnings.

    Args:
        blocks: The entries of each: pairs of key and value.
        spoilt: The number of a block whose checksum is to be wrong.
    """
    content, places = b"", []
    for number, entries in enumerate(blocks):
        block = _block(entries)
        handle = _varint(len(content)) + _varint(len(block))
        places.append((entries[-1][0], handle))
        content += block + (bytes(5) if number == spoilt else _trailer(block))
    footer = b""
    for entries in ([], places):
        block = _block(entries)
        footer += _varint(len(content)) + _varint(len(block))
        content += block + _trailer(block)
    return content + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def _block(entries):
    parts = []
    for key, value in entries:
        parts += [_varint(0), _varint(len(key)), _varint(len(value)), key, value]
    return b"".join(parts) + struct.pack("<II", 0, 1)  # searches begin at the first one


def _varint(number):
    low = bytearray()
    while number >= 0x80:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])


def _trailer(block):
    if len(block) > _LONG:
        return bytes(5)  # which takes too long
    crc = 0xFFFFFFFF
    for byte in block + b"\0":
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return b"\0" + struct.pack("<I", masked)
