"""Images with their labels, as files of records and folders hold them."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from exporter.errors import printable, reason
from exporter.evaluating.tfrecords import DamagedShardError, records

# By the keys of their features.
Layout = Literal["image/class/label", "label", "folders"]
# Where each writer of records puts an image, and its label.
_KEYS: tuple[tuple[str, Layout], ...] = (
    ("image/encoded", "image/class/label"),  # TF-Slim
    ("image", "label"),  # TensorFlow Datasets
)

BadKind = Literal[
    "undecodable image",
    "label out of range",
    "record without the keys",
    "damaged record",
    "damaged file",
    "unreadable file",
    "empty file",
    "empty folder",
]

# Stands in a path for the images of a class that has none.
NO_IMAGE = "*"


@dataclass(frozen=True)
class LabelledImage:
    """An image before it is decoded.

    Attributes:
        name: Where it is from, the same in every run.
        encoded: JPEG, PNG, GIF or BMP.
        label: As the data has it; None if it has none.
        layout: What the label is counted by.
    """

    name: str
    encoded: bytes
    label: int | None
    layout: Layout


@dataclass(frozen=True)
class Bad:
    """Something that is no image with a label.

    Attributes:
        name: Where it is.
        kind: What is wrong with it.
    """

    name: str
    kind: BadKind


@dataclass(frozen=True)
class Piece:
    """What one worker reads at a time: a file of records, some of its records, or an image.

    Attributes:
        path: The file.
        label: Of an image's file; None for a file of records.
        part: Which of the parts of a file of records.
        parts: How many there are.
    """

    path: str
    label: int | None = None
    part: int = 0
    parts: int = 1


def images_of_piece(piece: Piece) -> Iterator[LabelledImage | Bad]:
    """Reads a piece; a file that cannot be read is bad, and stops nothing."""
    name = printable(piece.path)
    if PurePosixPath(name).name == NO_IMAGE:
        yield Bad(name, "empty folder")
        return
    try:
        opened = FileSystems.open(piece.path, compression_type=CompressionTypes.UNCOMPRESSED)
        with closing(opened) as file:
            if piece.label is not None:
                yield LabelledImage(name, file.read(), piece.label, "folders")
            else:
                yield from _of_records(file, piece, name)
    except OSError as error:
        # Of the parts of a file, one tells.
        if piece.part == 0:
            yield Bad(f"{name} ({reason(error)})", "unreadable file")


def _of_records(file: Any, piece: Piece, name: str) -> Iterator[LabelledImage | Bad]:
    empty = piece.part == 0
    try:
        for record in records(file, piece.part, piece.parts):
            empty = False
            own = f"{name}#{record.number}"
            yield Bad(own, "damaged record") if record.data is None else _image(own, record.data)
    except DamagedShardError as error:
        yield Bad(f"{name}#{error}", "damaged file")
    else:
        if empty:
            yield Bad(name, "empty file")


def images_of_example(serialized: bytes) -> Iterator[LabelledImage | Bad]:
    """Reads a serialized `tf.train.Example` that somebody else's pipeline brings."""
    yield _image(f"example {hashlib.sha256(serialized).hexdigest()[:12]}", serialized)


def _image(name: str, serialized: bytes) -> LabelledImage | Bad:
    from google.protobuf.message import DecodeError
    from tensorflow.core.example.example_pb2 import Example

    try:
        features = Example.FromString(serialized).features.feature
    except DecodeError:
        return Bad(name, "record without the keys")
    for image, layout in _KEYS:
        if image in features and len(features[image].bytes_list.value) == 1:
            labels: Sequence[int] = ()
            if layout in features:
                labels = features[layout].int64_list.value
            label = labels[0] if len(labels) == 1 else None
            return LabelledImage(name, features[image].bytes_list.value[0], label, layout)
    return Bad(name, "record without the keys")
