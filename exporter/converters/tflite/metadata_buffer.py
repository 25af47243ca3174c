"""Writes the metadata that MediaPipe and the TFLite Task Library read, as a flatbuffer.

Source: the table layout of metadata_schema.fbs, "M001", as documented with the TFLite
Task Library: a field's number is its place in its table, and a union takes two.
MediaPipe's own writer is not used: its wheels bring half a gigabyte along, and the
newest lack a module that it imports.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import flatbuffers

_IDENTIFIER = b"M001"
# The oldest reader that knows all that is written here.
_MIN_PARSER_VERSION = "1.0.0"
# Members of enums and unions.
_FEATURE_PROPERTIES, _IMAGE_PROPERTIES = 1, 2
_RGB = 1
_NORMALIZATION = 1
_AXIS_LABELS = 2
# The largest value of a pixel; the least is 0.
_WHITE = 255.0


@dataclass(frozen=True)
class TensorText:
    """What is said of one input or output.

    Attributes:
        name: As in the signature.
        description: For people.
        image: Least and largest value of the RGB images that it takes; None if it takes others.
        labels: Name of the file with its classes; empty without.
    """

    name: str
    description: str
    image: tuple[float, float] | None = None
    labels: str = ""


def metadata_buffer(
    model: Sequence[str], inputs: Sequence[TensorText], outputs: Sequence[TensorText]
) -> bytes:
    """Makes the flatbuffer.

    Args:
        model: Its name, description for people, version, author and license.
        inputs: And of its inputs, in the order of the file's main graph.
        outputs: The same.

    Returns:
        What belongs into the buffer that the file's entry `TFLITE_METADATA` names.
    """
    making = _Making()
    tensors = [making.vector([making.tensor(t) for t in side]) for side in (inputs, outputs)]
    graph = making.table(10, {2: tensors[0], 3: tensors[1]})
    graphs = making.vector([graph])
    fields = dict(zip((0, 1, 2, 4, 5), map(making.text, model), strict=True))
    fields |= {3: graphs, 7: making.text(_MIN_PARSER_VERSION)}
    return making.finished(making.table(8, fields))


class _Making:
    """Writes tables, each after what it refers to."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def finished(self, root: int) -> bytes:
        self._builder.Finish(root, file_identifier=_IDENTIFIER)
        return bytes(self._builder.Output())

    def text(self, value: str) -> int:
        return int(self._builder.CreateString(value)) if value else 0

    def table(
        self, size: int, references: dict[int, int], numbers: dict[int, int] | None = None
    ) -> int:
        """Writes a table whose fields are references to others, and bytes."""
        self._builder.StartObject(size)
        for field, place in references.items():
            self._builder.PrependUOffsetTRelativeSlot(field, place, 0)
        for field, value in (numbers or {}).items():
            self._builder.PrependInt8Slot(field, value, 0)
        return int(self._builder.EndObject())

    def vector(self, places: Sequence[int]) -> int:
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return int(self._builder.EndVector())

    def floats(self, value: float) -> int:
        self._builder.StartVector(4, 1, 4)
        self._builder.PrependFloat32(value)
        return int(self._builder.EndVector())

    def tensor(self, said: TensorText) -> int:
        """Writes one `TensorMetadata`."""
        fields = {0: self.text(said.name), 1: self.text(said.description)}
        if said.image is not None:
            properties = self.table(2, {}, {0: _RGB})
            low, high = said.image
            # Readers give a tensor (pixel - mean) / std. (Of 0, -low would be another zero.)
            std = _WHITE / (high - low)
            options = self.table(2, {0: self.floats(0.0 - low * std), 1: self.floats(std)})
            unit = self.table(2, {1: options}, {0: _NORMALIZATION})
            fields[4] = self.vector([unit])
            fields[5] = self.table(2, {0: self.floats(high), 1: self.floats(low)})
        else:
            properties = self.table(0, {})
        if said.labels:
            name = self.text(said.labels)
            description = self.text("Names of the classes, one a line.")
            fields[6] = self.vector([self.table(5, {0: name, 1: description}, {2: _AXIS_LABELS})])
        kind = _IMAGE_PROPERTIES if said.image else _FEATURE_PROPERTIES
        fields[3] = self.table(3, {1: properties}, {0: kind})
        return self.table(7, fields)
