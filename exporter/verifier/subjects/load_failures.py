"""Says why a SavedModel cannot be loaded, and what to do about it."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tensorflow as tf

from checkpoints.layout import CheckpointError
from checkpoints.reader import open_checkpoint
from exporter.errors import VerificationError, listing, reason
from exporter.op_packages import OpPackage, imported, package_of_op, package_of_type
from exporter.protobufs import nodes_of, read_saved_model

_VARIABLES, _HUB = "variables/variables", "tfhub_module.pb"
_DATA = f"{_VARIABLES}.data-*"
_UNKNOWN_TYPE = re.compile(r"The type '([^']*)' (?:has not been registered|is not supported)")
_REFERENCE = re.compile(r"node '([^']*)' has a reference type")
_NO_NAME = re.compile(r"'([^']*)' is not a valid parameter name")


@dataclass(frozen=True)
class LoadFailure:
    """A model that TensorFlow did not load.

    Attributes:
        folder: Where it lies.
        error: What TensorFlow raised.
    """

    folder: Path
    error: Exception

    @cached_property
    def graphs(self) -> Sequence[Any]:
        """Its meta graphs; none if they cannot be read."""
        try:
            return list(read_saved_model(self.folder, VerificationError).meta_graphs)
        except VerificationError:
            return []

    @cached_property
    def missing_ops(self) -> list[str]:
        """Names of the ops that TensorFlow does not have, sorted."""
        found: set[str] = set()
        for graph in self.graphs:
            own = {function.signature.name for function in graph.graph_def.library.function}
            found |= {node.op for node in nodes_of(graph.graph_def)} - own
        return sorted(op for op in found if not _is_known(op))

    @cached_property
    def missing_types(self) -> list[str]:
        """Names of the types that TensorFlow does not have."""
        return _UNKNOWN_TYPE.findall(str(self.error))

    @property
    def packages(self) -> tuple[OpPackage, ...]:
        """The packages that bring what is missing, as far as they are known."""
        found = [package_of_op(op) for op in self.missing_ops]
        found += [package_of_type(name) for name in self.missing_types]
        return tuple(dict.fromkeys(filter(None, found)))


@dataclass(frozen=True, slots=True)
class LoadCause:
    """A reason why a model cannot be loaded.

    Attributes:
        found: What shows that it is the reason; nothing if it is not.
        says: What is wrong with the model, what was expected and found, and what to do.
    """

    found: Callable[[LoadFailure], Sequence[str]]
    says: Callable[[LoadFailure, Sequence[str]], str]


def why(failure: LoadFailure) -> str:
    """Says why a model cannot be loaded: the first cause that holds."""
    for cause in _CAUSES:
        if found := cause.found(failure):
            return f"Model '{failure.folder}' {cause.says(failure, found)}"
    raise AssertionError("the last cause always holds")


def _is_known(op: str) -> bool:
    try:
        tf.Graph().op_def_for_type(op)
    except (RuntimeError, tf.errors.NotFoundError):
        return False
    return True


def _tag_sets(failure: LoadFailure) -> list[str]:
    tags = [f"[{', '.join(graph.meta_info_def.tags)}]" for graph in failure.graphs]
    return tags if len(tags) > 1 else []


def _says_tag_sets(failure: LoadFailure, found: Sequence[str]) -> str:
    hub = " as TF1 Hub modules have" if (failure.folder / _HUB).is_file() else ""
    return (
        f"has several meta graphs{hub}: expected one, found the tags {listing(found)}. TensorFlow 2"
        " loads one of them at a time: load it with tf.saved_model.load(..., tags=...), and save"
        " that alone."
    )


def _says_missing(failure: LoadFailure, found: Sequence[str], what: str) -> str:
    told = f"needs the {what} '{found[0]}'" + (f" and {len(found) - 1} more" * (len(found) > 1))
    if not failure.packages:
        return (
            f"{told}, which TensorFlow {tf.__version__} does not have. Load it with the TensorFlow,"
            " or beside the library, that it was made with."
        )
    names = listing(row.name for row in failure.packages)
    there = listing({why for why in imported(failure.packages).values() if why} or {"another"})
    installed = " ".join(row.install for row in failure.packages)
    return (
        f"{told}: expected {names} beside TensorFlow {tf.__version__}, found {there}. Run: pip"
        f" install {installed}, in the release that belongs to this TensorFlow."
    )


def _says_missing_ops(failure: LoadFailure, found: Sequence[str]) -> str:
    return _says_missing(failure, found, "op")


def _says_missing_types(failure: LoadFailure, found: Sequence[str]) -> str:
    return _says_missing(failure, found, "type")


def _missing_files(failure: LoadFailure) -> list[str]:
    assets = (asset.filename for graph in failure.graphs for asset in graph.asset_file_def)
    expected = {f"assets/{name}" for name in assets}
    there = {path.relative_to(failure.folder).as_posix() for path in failure.folder.rglob("*")}
    if any(graph.saver_def.restore_op_name for graph in failure.graphs):
        expected |= {f"{_VARIABLES}.index", _DATA}
        there |= {_DATA for name in there if name.startswith(_DATA.removesuffix("*"))}
    return sorted(expected - there)


def _says_missing_files(_: LoadFailure, found: Sequence[str]) -> str:
    return f"is incomplete: expected {listing(found)}, found none. Copy all of its files again."


def _damages(failure: LoadFailure) -> list[str]:
    """Reads all values, to say that a file is damaged only if it is."""
    prefix = failure.folder / _VARIABLES
    if not prefix.with_suffix(".index").is_file():
        return []
    try:
        checkpoint = open_checkpoint(prefix)
        for name in checkpoint.tensors:
            checkpoint.read(name)
    except CheckpointError as error:
        return [reason(error.__cause__ if isinstance(error.__cause__, Exception) else error)]
    return []


def _says_damages(_: LoadFailure, found: Sequence[str]) -> str:
    whole = f"expected values of all variables in '{_VARIABLES}.*', found {found[0]}"
    return (
        f"is damaged: {found[0] if found[0].startswith('expected') else whole}. Export or copy it"
        " again."
    )


def _names(failure: LoadFailure) -> list[str]:
    return _NO_NAME.findall(str(failure.error))


def _says_names(_: LoadFailure, found: Sequence[str]) -> str:
    return (
        f"has an input that Python cannot name: expected a name for an argument, found"
        f" '{found[0]}'. Servers take it as it is, TensorFlow 2 cannot load it: save its signature"
        " with another name for that input."
    )


def _fed_twice(failure: LoadFailure) -> list[str]:
    """Finds signatures of which two inputs are one tensor."""
    return [
        f"'{tensor}' for {listing(sorted(n for n, i in inputs.items() if i.name == tensor))}"
        for graph in failure.graphs
        for signature in graph.signature_def.values()
        for inputs in [signature.inputs]
        for tensor, times in Counter(info.name for info in inputs.values()).items()
        if times > 1 and tensor
    ]


def _says_fed_twice(_: LoadFailure, found: Sequence[str]) -> str:
    return (
        f"has a signature of which two inputs are one tensor: expected a tensor for each, found"
        f" {found[0]}. Save its signature with one of the two."
    )


def _references(failure: LoadFailure) -> list[str]:
    return _REFERENCE.findall(str(failure.error))


def _says_references(_: LoadFailure, found: Sequence[str]) -> str:
    return (
        f"has a signature that gives a reference variable itself, which TensorFlow 2 cannot load:"
        f" expected a tensor, found '{found[0]}'. Save it again by TensorFlow 1 with the variable's"
        " value, or after tf.compat.v1.enable_resource_variables()."
    )


def _always(failure: LoadFailure) -> list[str]:
    return [f"{type(failure.error).__name__}: {reason(failure.error)}".rstrip(".")]


def _says_error(failure: LoadFailure, found: Sequence[str]) -> str:
    by = [graph.meta_info_def.tensorflow_version for graph in failure.graphs]
    return (
        f"cannot be loaded: expected what TensorFlow {tf.__version__} loads, found {found[0]}. It"
        f" was written by TensorFlow {by[0] if by and by[0] else 'of a version it does not name'};"
        " load it with that, and save it again."
    )


_CAUSES = (
    LoadCause(_tag_sets, _says_tag_sets),
    LoadCause(lambda failure: failure.missing_ops, _says_missing_ops),
    LoadCause(lambda failure: failure.missing_types, _says_missing_types),
    LoadCause(_missing_files, _says_missing_files),
    LoadCause(_damages, _says_damages),
    LoadCause(_names, _says_names),
    LoadCause(_fed_twice, _says_fed_twice),
    LoadCause(_references, _says_references),
    LoadCause(_always, _says_error),
)
