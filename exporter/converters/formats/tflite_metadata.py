"""The float32 TFLite file with what MediaPipe's tasks and the TFLite Task Library want to know."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ai_edge_litert import schema_py_generated as schema

from exporter.converters.conversion_inputs import class_names
from exporter.converters.tflite.inside_buffers import packed, unpacked
from exporter.converters.tflite.litert import float_model, opened
from exporter.converters.tflite.metadata_buffer import TensorText, metadata_buffer
from exporter.converters.tflite.op_counts import op_counts

if TYPE_CHECKING:
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

__all__ = ["convert", "op_counts", "opened"]

_ENTRY = b"TFLITE_METADATA"
_LABELS = "labels.txt"
# The first that a zip file can hold, so that two conversions give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def convert(source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
    """Writes the file, the labels behind it as a zip archive.

    Raises:
        InvalidArgumentError: If the labels cannot be read, or are not as many as the classes.
    """
    labels = class_names(source, request)
    model = unpacked(float_model(source))
    name = source.name or source.folder.name
    description = f"{name}: {', '.join(source.inputs)} to {', '.join(source.outputs)}."
    texts = (name, description, "1", request.author, request.license)
    buffer = schema.BufferT()
    buffer.data = metadata_buffer(texts, *_tensors(source, model, _LABELS if labels else ""))
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _ENTRY, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    written = io.BytesIO(packed(model))
    if labels:
        with zipfile.ZipFile(written, "a") as archive:
            archive.writestr(zipfile.ZipInfo(_LABELS, _DATE), "".join(f"{n}\n" for n in labels))
    target.write_bytes(written.getvalue())


def _tensors(
    source: "SourceModel", model: Any, labels: str
) -> tuple[list[TensorText], list[TensorText]]:
    """Describes inputs and outputs in the order of the file's main graph."""
    (signature,) = model.signatureDefs
    graph = model.subgraphs[0]
    size = source.image_size
    pixels = f"{size[0]} by {size[1]} pixels" if size and not source.spec.any_size else "any size"
    values = source.spec.image_range
    image = f"RGB images of {pixels}, from {values[0]:g} to {values[1]:g}." if values else "Input."
    inputs = [TensorText(name, image, values) for name in _in_order(signature.inputs, graph.inputs)]
    text = "Logits: a score for each class, not normalized." if labels else "Output."
    outputs = [
        TensorText(name, text, labels=labels)
        for name in _in_order(signature.outputs, graph.outputs)
    ]
    return inputs, outputs


def _in_order(named: Any, places: Any) -> list[str]:
    names = {entry.tensorIndex: entry.name.decode() for entry in named}
    return [names[place] for place in places]
