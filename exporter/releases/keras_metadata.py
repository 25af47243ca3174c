"""Finds, in what Keras keeps beside a SavedModel, objects that run code when Keras loads it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

KERAS_METADATA = "keras_metadata.pb"
# Classes that hold Python code, or name any function that there is.
_RUNS_CODE = frozenset(
    (
        *("Lambda", "TFOpLambda", "SlicingOpLambda"),
        *("ClassMethod", "InstanceMethod", "InstanceProperty", "__lambda__", "function"),
    )
)
# Where Keras imports what metadata name.
_MODULES = frozenset({"keras", "tf_keras"})


def code_in(metadata: str) -> tuple[str, ...]:
    """Names what runs code in the metadata of one object.

    Args:
        metadata: JSON, or nothing for an object that is none of Keras'.

    Returns:
        Names of classes, functions' types and modules; and what is no JSON that can be judged.
    """
    found: list[str] = []

    def judge(pairs: list[tuple[str, Any]]) -> None:
        # All pairs: of two with one key, who knows which one is taken.
        found.extend(word for key, value in pairs for word in _words(key, value))

    if not metadata.strip():
        return ()
    try:
        json.loads(metadata, object_pairs_hook=judge)
    except (ValueError, RecursionError):
        found.append("metadata that are no JSON")
    return tuple(dict.fromkeys(found))


def code_beside(folder: Path) -> tuple[str, ...]:
    """Names what runs code in the file that Keras writes beside a SavedModel."""
    path = folder / KERAS_METADATA
    if not path.is_file():
        return ()
    from tf_keras.protobuf.saved_metadata_pb2 import SavedMetadata

    try:
        nodes = SavedMetadata.FromString(path.read_bytes()).nodes
    except DecodeError:
        return ("bytes that are no metadata",)
    return tuple(dict.fromkeys(word for node in nodes for word in code_in(node.metadata)))


def _words(key: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if key == "class_name" and value.rpartition(">")[2] in _RUNS_CODE:
        yield value
    if key == "function_type":
        yield f"function of type {value}"
    if key == "module" and value.partition(".")[0] not in _MODULES:
        yield f"module {value}"
