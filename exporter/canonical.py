"""Makes the bytes of a SavedModel depend on its content alone.

TensorFlow numbers functions with a counter of the process, lists them in the
order of those names, and draws a random identifier for every save. So the
second export of a process would differ from the first.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import function_pb2
from tensorflow.core.protobuf import fingerprint_pb2, meta_graph_pb2, saved_object_graph_pb2

from exporter.digests import of_files
from exporter.errors import ExportError
from exporter.portable import make_portable
from exporter.protobufs import SAVED_MODEL, called_by, nodes_of, read_saved_model

_ARGUMENT_NAME = "_user_specified_name"
_NUMBERED = re.compile(r"^(.*_)(\d+)$")


def canonicalize(folder: Path, *, description: str = "") -> None:
    """Rewrites `saved_model.pb` and `fingerprint.pb` in place.

    Functions are renumbered in the order in which they were made and listed in
    the order of their new names. What nobody needs and older TensorFlow cannot
    load is left out. The fingerprint's `saved_model_checksum` is the FarmHash of
    the rewritten file, and its `uuid`, which TensorFlow draws at random, is made
    from the digest of model and variables.

    Args:
        folder: A SavedModel of TensorFlow 2, complete.
        description: What the model says of itself, in `meta_graph_version`.
    """
    saved_model = read_saved_model(folder, ExportError)
    for meta_graph in saved_model.meta_graphs:
        _renumber_functions(meta_graph)
        make_portable(meta_graph)
        meta_graph.meta_info_def.meta_graph_version = description
    (folder / SAVED_MODEL).write_bytes(saved_model.SerializeToString(deterministic=True))
    _derive_fingerprint(folder)


def _renumber_functions(meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
    library = meta_graph.graph_def.library
    names = _new_names(function.signature.name for function in library.function)
    for function in library.function:
        function.signature.name = names.get(function.signature.name, function.signature.name)
        _drop_capture_numbers(function)
    library.function.sort(key=lambda function: function.signature.name)
    for node in nodes_of(meta_graph.graph_def):
        for called in called_by(node):
            called.name = names.get(called.name, called.name)
    _rename_in_objects(meta_graph.object_graph_def, names)


def _new_names(names: Iterable[str]) -> dict[str, str]:
    numbered = [match for name in names if (match := _NUMBERED.match(name))]
    numbered.sort(key=lambda match: int(match[2]))
    return {match[0]: f"{match[1]}{number}" for number, match in enumerate(numbered)}


def _drop_capture_numbers(function: function_pb2.FunctionDef) -> None:
    """Drops the numbers that stand where a captured tensor would have a name."""
    for argument in function.arg_attr.values():
        name = argument.attr.get(_ARGUMENT_NAME)
        if name is not None and name.s.isdigit():
            del argument.attr[_ARGUMENT_NAME]


def _rename_in_objects(
    objects: saved_object_graph_pb2.SavedObjectGraph, names: dict[str, str]
) -> None:
    renamed = {names.get(name, name): body for name, body in objects.concrete_functions.items()}
    kept = saved_object_graph_pb2.SavedObjectGraph(concrete_functions=renamed)
    objects.ClearField("concrete_functions")
    objects.MergeFrom(kept)
    for node in objects.nodes:
        if node.HasField("function"):
            traces = [names.get(name, name) for name in node.function.concrete_functions]
            node.function.concrete_functions[:] = sorted(traces)
        elif node.HasField("bare_concrete_function"):
            bare = node.bare_concrete_function
            bare.concrete_function_name = names.get(
                bare.concrete_function_name, bare.concrete_function_name
            )


def _derive_fingerprint(folder: Path) -> None:
    path = folder / "fingerprint.pb"
    fingerprint = fingerprint_pb2.FingerprintDef.FromString(path.read_bytes())
    model = (folder / SAVED_MODEL).read_bytes()
    hashed = tf.fingerprint(np.frombuffer(model, np.uint8)[np.newaxis]).numpy()
    fingerprint.saved_model_checksum = int.from_bytes(hashed.tobytes(), "little")
    digest = of_files([folder / SAVED_MODEL, *sorted((folder / "variables").iterdir())])
    # A number of 128 bits in decimal digits, as TensorFlow's own.
    fingerprint.uuid = str(int(digest[:32], 16))
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))
