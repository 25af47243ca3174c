"""Writes the files that `tf.loadGraphModel` of TensorFlow.js reads: topology, signature, weights.

Source: the loader of `@tensorflow/tfjs-converter` 4.22, which is the format's
only specification. Weights of other types than it has become those into
which it would turn them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from exporter.errors import ConversionError

# What browsers keep in their caches, piece by piece.
SHARD_BYTES = 1 << 22
_TYPES = {
    **dict.fromkeys(("float16", "bfloat16", "float32", "float64"), "float32"),
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32", "int64"), "int32"),
    "bool": "bool",
}

Specs = Mapping[str, tf.TensorSpec]


def write(
    target: Path,
    graph: tf.compat.v1.GraphDef,
    signature: tuple[Specs, Specs],
    metadata: Mapping[str, Any],
) -> None:
    """Writes a graph model.

    Args:
        target: The `model.json`; the weights come beside it.
        graph: Flat, its inputs and outputs named as the signature's. Its
            constants lose their values.
        signature: Inputs and outputs by name.
        metadata: What users find as `model.metadata`.

    Raises:
        ConversionError: If a constant is of a type that TensorFlow.js has not.
    """
    weights = dict(_weights(graph))
    data = b"".join(value.tobytes() for value in weights.values())
    shards = [data[at : at + SHARD_BYTES] for at in range(0, len(data), SHARD_BYTES)]
    names = [f"group1-shard{n}of{len(shards)}.bin" for n in range(1, len(shards) + 1)]
    for name, shard in zip(names, shards, strict=True):
        (target.parent / name).write_bytes(shard)
    entries = [
        {"name": name, "shape": list(value.shape), "dtype": value.dtype.name}
        for name, value in weights.items()
    ]
    model = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "slim-exporter",
        "signature": dict(zip(("inputs", "outputs"), map(_described, signature), strict=True)),
        "userDefinedMetadata": metadata,
        "modelTopology": json_format.MessageToDict(graph),
        "weightsManifest": [{"paths": names, "weights": entries}],
    }
    # The parser takes maps in any order, and protobuf gives them in any.
    text = json.dumps(model, sort_keys=True, separators=(",", ":"))
    target.write_text(text, encoding="utf-8")


def _weights(graph: tf.compat.v1.GraphDef) -> Iterator[tuple[str, np.ndarray]]:
    """Takes the values out of all constants, and gives them the types of TensorFlow.js."""
    for node in graph.node:
        if node.op != "Const":
            continue
        value = tf.make_ndarray(node.attr["value"].tensor)
        known = _TYPES.get(tf.as_dtype(node.attr["dtype"].type).name)
        if known is None:
            raise ConversionError(
                f"Constant '{node.name}' is of a type that TensorFlow.js has not: expected numbers,"
                f" found {tf.as_dtype(node.attr['dtype'].type).name}. Leave this format out."
            )
        stored = value.astype(known)
        if known == "int32" and not np.array_equal(stored, value):
            raise ConversionError(
                f"Constant '{node.name}' does not fit TensorFlow.js: expected 32 bits, found"
                f" {value.ravel()[np.argmax(stored != value)]}. Leave this format out."
            )
        for field, _ in node.attr["value"].tensor.ListFields():
            if field.name not in {"dtype", "tensor_shape"}:
                node.attr["value"].tensor.ClearField(field.name)
        yield node.name, stored


def _described(specs: Specs) -> dict[str, Any]:
    described = {}
    for name, spec in specs.items():
        # Of functions that were traced here, outputs are tensors.
        proto = tf.TensorSpec(spec.shape, spec.dtype).experimental_as_proto()
        told = json_format.MessageToDict(proto)
        described[name] = {
            "name": f"{name}:0",
            "dtype": told["dtype"],
            "tensorShape": told.get("shape", {}),
        }
    return described
