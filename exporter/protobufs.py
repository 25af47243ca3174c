"""Reads `saved_model.pb`, and follows what refers to what in its graphs and objects.

Messages are typed as `Any`, since TensorFlow's have no types. Nothing of a
model is run, and TensorFlow is imported when a file is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.errors import ExporterError, listing, reason

SAVED_MODEL, SAVED_MODEL_TEXT = "saved_model.pb", "saved_model.pbtxt"
# What a SavedModel consists of.
_FILES = ("*.pb", "*.pbtxt", "variables/*", "assets/**/*", "assets.extra/**/*")
# Ops that call a function.
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
# Ops that change the variable that is their first input: assignments, updates of rows, and steps of
# optimizers; of TensorFlow 1 too.
_ASSIGNING = re.compile(
    "Assign.*|Resource.*(Apply|Scatter|CountUpTo).*|(Sparse)?Apply.*|CountUpTo"
    "|Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)"
)


def read_saved_model(folder: Path, refusal: type[ExporterError]) -> Any:
    """Reads a SavedModel's protobuf.

    Args:
        folder: The SavedModel.
        refusal: What the stage that asks refuses with.

    Returns:
        The `SavedModel`, whose graphs may be damaged still.

    Raises:
        ExporterError: The refusal, if there is no such file, or it holds anything else.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    check_is_there(folder, refusal)
    try:
        if not (folder / SAVED_MODEL).is_file():
            text = (folder / SAVED_MODEL_TEXT).read_bytes()
            return text_format.Parse(text, saved_model_pb2.SavedModel())
        return saved_model_pb2.SavedModel.FromString((folder / SAVED_MODEL).read_bytes())
    # The last of text alone, which may nest as deeply as it likes.
    except (DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        expected = f"a SavedModel's protobuf in {SAVED_MODEL}"
        raise damaged(folder, expected, "other bytes", refusal) from error
    except OSError as error:
        raise unreadable(folder, error, refusal) from error


def check_is_there(folder: Path, refusal: type[ExporterError]) -> None:
    """Refuses a folder of anything at all, before it is read to its end.

    Raises:
        ExporterError: The refusal, if no SavedModel is there, or pointers in place of its files, or
            its path is none that TensorFlow takes.
    """
    if not _is_text(folder):
        raise refusal(
            f"Model '{folder}' cannot be read: expected a path in UTF-8, as TensorFlow takes them,"
            " found other bytes. Rename or copy it."
        )
    if not any((folder / name).is_file() for name in (SAVED_MODEL, SAVED_MODEL_TEXT)):
        names = [child.name for child in folder.iterdir()] if folder.is_dir() else []
        found = listing(names) if names else "nothing" if folder.is_dir() else "no such folder"
        raise refusal(
            f"Model '{folder}' is not a SavedModel: expected a folder with {SAVED_MODEL}, found"
            f" {found}. Give the folder of a SavedModel, such as 'slim-export export' writes."
        )
    for path in sorted(file for kind in _FILES for file in folder.glob(kind)):
        if is_pointer(path):
            name = path.relative_to(folder).as_posix()
            raise refusal(f"File '{name}' of model '{folder}' {IS_POINTER}")


def _is_text(path: Path) -> bool:
    """Says whether a path can be encoded: what is not UTF-8 are halves of characters here."""
    return not any("\ud800" <= character <= "\udfff" for character in str(path))


def damaged(folder: Path, expected: str, found: str, refusal: type[ExporterError]) -> ExporterError:
    """Makes the refusal of a model that is not whole."""
    return refusal(
        f"Model '{folder}' is damaged: expected {expected}, found {found}. Export or copy it again."
    )


def unreadable(folder: Path, error: OSError, refusal: type[ExporterError]) -> ExporterError:
    """Makes the refusal of a model that the system does not let us read."""
    return refusal(
        f"Model '{folder}' cannot be read: {reason(error)}. Change its permissions, or copy it."
    )


def assigns(op: str) -> bool:
    """Says whether an op of this name changes a variable."""
    return _ASSIGNING.fullmatch(op) is not None


def functions_of(graph: Any) -> dict[str, Any]:
    """Returns the functions of a GraphDef's library by name."""
    return {function.signature.name: function for function in graph.library.function}


def nodes_of(graph: Any) -> Iterator[Any]:
    """Yields the nodes of a GraphDef, then those of its functions."""
    bodies = (function.node_def for function in graph.library.function)
    return chain(graph.node, *bodies)


def called_by(node: Any) -> Iterator[Any]:
    """Yields what a node's attributes call, as NameAttrLists, whose names may be changed.

    Among them is what they hand on to a function, which may call it by an attribute of its own.
    """
    for value in node.attr.values():
        yield from called_by_attribute(value)


def called_by_attribute(value: Any) -> Iterator[Any]:
    """Yields what one attribute calls, as `called_by`."""
    called = [value.func] if value.HasField("func") else value.list.func
    for function in called:
        yield function
        yield from called_by(function)


def calls_of(nodes: Iterable[Any]) -> set[str]:
    """Names the functions that the attributes of nodes call."""
    return {called.name for node in nodes for called in called_by(node)}


def op_of(tensor: str) -> str:
    """Names the op that a tensor or a control input comes from."""
    return tensor.removeprefix("^").partition(":")[0]


def inputs_of(nodes: Iterable[Any]) -> dict[str, list[str]]:
    """Returns, by name of each node, the ops from which its inputs come."""
    return {node.name: [op_of(tensor) for tensor in node.input] for node in nodes}


def closure(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Follows edges as far as they go.

    Args:
        start: Names, all of which are in the result.
        edges: Names by the name that leads to them; one that is missing leads nowhere.
    """
    found: set[str] = set()
    queue = list(start)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += edges.get(name, ())
    return found


def children_of(objects: Any, node: int) -> dict[str, int]:
    """Returns the children of a node of a SavedObjectGraph: their nodes by name."""
    return {child.local_name: child.node_id for child in objects.nodes[node].children}


def listed(objects: Any, name: str) -> list[int] | None:
    """Returns the nodes in a list that the root holds, such as `variables`, in its order.

    Returns:
        None if the root holds nothing of that name.
    """
    held = children_of(objects, 0)
    if name not in held:
        return None
    members = children_of(objects, held[name])
    return [members[key] for key in sorted(filter(str.isdecimal, members), key=int)]


def concrete_functions(found: Any) -> list[str]:
    """Names the concrete functions of a SavedObject; none for what is no function."""
    if found.HasField("bare_concrete_function"):
        return [found.bare_concrete_function.concrete_function_name]
    return list(found.function.concrete_functions)
