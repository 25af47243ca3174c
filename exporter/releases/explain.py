"""Says why a model is not, byte for byte, the one in a release."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exporter import __version__, quiet, temporary
from exporter.errors import PublishError, listing, reason
from exporter.progress import Progress, silent
from exporter.protobufs import functions_of, read_saved_model
from exporter.releases import archive, manifest
from exporter.releases.manifest import Manifest
from exporter.releases.model_facts import variable_names
from exporter.unpack import unpack

_VARIABLES = "variables/variables"
_KEY = "variables/{}/.ATTRIBUTES/VARIABLE_VALUE"
_FINGERPRINT, _MODEL = "fingerprint.pb", "saved_model.pb"
# What is found in the graph, and so explains other bytes of its file.
_OF_THE_GRAPH = (
    *("TensorFlow version", "variables", "order of variables", "description", "signatures"),
    *("arguments", "functions", "nodes", "node order"),
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One way in which a model is not the released one.

    Attributes:
        what: Such as "weights".
        detail: Which, and by how much.
    """

    what: str
    detail: str


@dataclass(frozen=True)
class Side:
    """A SavedModel.

    Attributes:
        folder: Where it is.
        graph: Its meta graph.
        files: What it consists of.
    """

    folder: Path
    graph: Any
    files: dict[str, manifest.ReleaseFile]


def explain(model_dir: Path, release: Path, progress: Progress = silent) -> tuple[Mismatch, ...]:
    """Compares a model with a released one.

    Args:
        model_dir: The model, such as one that was built anew.
        release: The release.
        progress: Told what is done.

    Returns:
        What differs; empty if nothing does.

    Raises:
        ExporterError: If one of the two cannot be read.
    """
    told = manifest.load(release)
    archive.members(model_dir)
    progress("import TensorFlow", 0, None)
    quiet.import_tensorflow()
    with temporary.folder() as place:
        packed = release / manifest.ARCHIVE
        try:
            unpack(packed, place)
        except OSError as error:
            raise archive.unreadable(packed, error) from error
        try:
            theirs, ours = _side(place), _side(model_dir)
            compared = _packing if theirs.files == ours.files else _model
            return tuple(compared(theirs, ours, told))
        except (LookupError, TypeError, ValueError) as error:  # the second of strings as weights
            raise PublishError(
                f"SavedModel '{model_dir}' cannot be compared with '{release}': {reason(error)}."
                " Give a model that 'slim-export export' wrote."
            ) from error


def _side(folder: Path) -> Side:
    files = {name: archive.file(folder / name) for name in archive.members(folder)}
    return Side(folder, read_saved_model(folder, PublishError).meta_graphs[0], files)


def _packing(_theirs: Side, ours: Side, told: Manifest) -> Iterator[Mismatch]:
    """Compares archives of equal files."""
    with temporary.folder() as place:
        path = place / manifest.ARCHIVE
        with path.open("wb") as target:
            archive.write(ours.folder, target)
        packed = archive.file(path)
    released = told.files[manifest.ARCHIVE]
    if released.sha256 != packed.sha256:
        yield Mismatch(
            "compression",
            f"all files are equal, but packed into {released.size} and {packed.size} bytes:"
            " another zlib",
        )


def _model(theirs: Side, ours: Side, told: Manifest) -> Iterator[Mismatch]:
    comparisons = (
        *(_files, _tensorflow, _weights, _variable_order, _description, _interface, _functions),
    )
    found = [difference for compare in comparisons for difference in compare(theirs, ours)]
    if (version := told.versions.get("slim-exporter")) != __version__:
        found.append(Mismatch("tool", f"slim-exporter {version} and {__version__}"))
    changed = {n for n in theirs.files.keys() & ours.files if theirs.files[n] != ours.files[n]}
    if changed == {_FINGERPRINT}:
        found.append(Mismatch("fingerprint only", "everything else is the same bytes"))
    elif _MODEL in changed and not any(d.what in _OF_THE_GRAPH for d in found):
        same = theirs.graph == ours.graph
        detail = "it says the same in other bytes" if same else "in parts that no check here knows"
        found.append(Mismatch(_MODEL, detail))
    yield from found


def _files(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    if missing := theirs.files.keys() - ours.files.keys():
        yield Mismatch("files missing", listing(missing))
    if added := ours.files.keys() - theirs.files.keys():
        yield Mismatch("files added", listing(added))


def _tensorflow(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    one, other = (side.graph.meta_info_def.tensorflow_version for side in (theirs, ours))
    if one != other:
        yield Mismatch("TensorFlow version", f"{one} and {other}")


def _weights(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    one, other = _values(theirs), _values(ours)
    if names := one.keys() ^ other.keys():
        yield Mismatch("variables", f"only one of the two has {listing(names)}")
    differing, largest = [], 0.0
    for name in one.keys() & other.keys():
        if one[name].shape != other[name].shape or one[name].tobytes() != other[name].tobytes():
            differing.append(name)
            if one[name].shape == other[name].shape:
                largest = max(largest, float(np.max(np.abs(one[name] - other[name]))))
    if differing:
        detail = f"{len(differing)} of {len(one)} variables, by at most {largest:.3g}"
        yield Mismatch("weights", f"{detail}: {listing(differing)}")


def _values(side: Side) -> dict[str, np.ndarray]:
    from checkpoints.reader import open_checkpoint

    checkpoint = open_checkpoint(side.folder / _VARIABLES)
    return {n: checkpoint.read(_KEY.format(i)) for i, n in enumerate(variable_names(side.graph))}


def _variable_order(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    one, other = variable_names(theirs.graph), variable_names(ours.graph)
    if one != other and sorted(one) == sorted(other):
        moved = [name for name, there in zip(one, other, strict=True) if name != there]
        yield Mismatch("order of variables", f"{len(moved)} stand elsewhere: {listing(moved)}")


def _description(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    one, other = (side.graph.meta_info_def.meta_graph_version for side in (theirs, ours))
    if one != other:
        yield Mismatch("description", f"'{one}' and '{other}'")


def _interface(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    one, other = dict(theirs.graph.signature_def), dict(ours.graph.signature_def)
    names = [n for n in one.keys() | other.keys() if one.get(n) != other.get(n)]
    if names:
        yield Mismatch("signatures", listing(names))
    if _specs(theirs) != _specs(ours):
        yield Mismatch("arguments", "names or defaults, such as batch_norm_momentum")


def _specs(side: Side) -> list[Any]:
    nodes = side.graph.object_graph_def.nodes
    return [node.function.function_spec for node in nodes if node.HasField("function")]


def _functions(theirs: Side, ours: Side) -> Iterator[Mismatch]:
    one, other = _bodies(theirs), _bodies(ours)
    if names := one.keys() ^ other.keys():
        yield Mismatch("functions", f"only one of the two has {listing(names)}")
    nodes: list[str] = []
    order: list[str] = []
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            ordered = [sorted(side[name], key=lambda node: node.name) for side in (one, other)]
            (order if ordered[0] == ordered[1] else nodes).append(name)
    if nodes:
        yield Mismatch("nodes", f"in {len(nodes)} of {len(one)} functions: {listing(nodes)}")
    if order:
        yield Mismatch("node order", f"in {len(order)} functions: {listing(order)}")


def _bodies(side: Side) -> dict[str, list[Any]]:
    bodies = {"the graph itself": list(side.graph.graph_def.node)}
    functions = functions_of(side.graph.graph_def)
    return bodies | {name: list(function.node_def) for name, function in functions.items()}
