"""Looks for ops that do more than compute, in the protobuf alone: nothing of the model is run."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ExporterError, PublishError, listing
from exporter.op_packages import package_of_op
from exporter.protobufs import damaged, read_saved_model
from exporter.releases.allowed_ops import ALLOWED
from exporter.releases.graph_saver import plain_saver
from exporter.releases.keras_metadata import KERAS_METADATA, code_beside, code_in
from exporter.releases.saver import misuse, saver_functions
from exporter.releases.scanned_graph import Node, ScannedGraph, read

# Values of one constant: a few bytes can stand for many, which TensorFlow makes all of.
MAX_CONSTANT = 1 << 28


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a model to be published must not have.

    Attributes:
        what: The op, such as `ReadFile`.
        where: Which graph or function, and which node.
    """

    what: str
    where: str

    def __str__(self) -> str:
        """Says both, and whose op it is, where that is known."""
        package = package_of_op(self.what)
        return f"'{self.what}'{f' of {package.name}' if package else ''} in {self.where}"


def scan(
    folder: Path,
    refusal: type[ExporterError] = PublishError,
    allowed: frozenset[str] = ALLOWED,
) -> tuple[Finding, ...]:
    """Looks through all graphs and functions of a SavedModel.

    Args:
        folder: The SavedModel.
        refusal: What the stage that asks refuses with.
        allowed: The ops that it may have, beside those of its saver.

    Returns:
        What it must not have, empty for a model that only computes. Assets are
        not judged: no op that is allowed reads them.

    Raises:
        ExporterError: The refusal, if it cannot be read.
    """
    found: list[Finding] = []
    for number, meta_graph in enumerate(read_saved_model(folder, refusal).meta_graphs):
        try:
            scanned = read(meta_graph)
        except IndexError as error:
            expected = "savers that are among its objects"
            raise damaged(folder, expected, "others", refusal) from error
        found += _judged(scanned, f"meta graph {number}", allowed)
    beside = f"'{KERAS_METADATA}', which Keras runs when it loads"
    found += (Finding(what, beside) for what in code_beside(folder))
    return tuple(found)


def check(folder: Path) -> None:
    """Refuses a SavedModel that does more than compute.

    Raises:
        PublishError: With the names of the ops and where they are.
    """
    if found := scan(folder):
        raise PublishError(
            f"SavedModel '{folder}' is not safe to publish: expected ops that only compute, found"
            f" {listing(map(str, found))}. Remove them and export again."
        )


def _judged(scanned: ScannedGraph, graph: str, allowed: frozenset[str]) -> Iterator[Finding]:
    names = Counter(function.name for function in scanned.functions)
    yield from (Finding(name, f"{graph}, more than once") for name, n in names.items() if n > 1)
    own, plain = saver_functions(scanned), plain_saver(scanned)
    others = (node for node in scanned.nodes if node.name not in plain)
    yield from _strange(others, scanned.calls, graph, allowed)
    for function in scanned.functions:
        may = allowed | own.get(function.name, frozenset())
        where = f"function '{function.name}' of {graph}"
        yield from _strange(function.nodes, scanned.calls, where, may)
    for what, where in misuse(scanned, own):
        yield Finding(what, f"{where} of {graph}")
    for what, role in scanned.other_calls:
        if what in own:
            yield Finding(what, f"{role} of {graph}")
    for metadata in scanned.metadata:
        for what in code_in(metadata):
            yield Finding(what, f"the objects of {graph}, which Keras runs when it loads")


def _strange(
    nodes: Iterable[Node], functions: Collection[str], where: str, allowed: frozenset[str]
) -> Iterator[Finding]:
    """Finds ops that are not allowed, and calls of functions that are not there."""
    for node in nodes:
        if node.op not in allowed and node.op not in functions:
            yield Finding(node.op, f"{where}, node '{node.name}'")
        if (values := _values_of(node)) > MAX_CONSTANT:
            yield Finding(f"{node.op} of {values} values", f"{where}, node '{node.name}'")
        for called in node.called:
            if called not in functions:
                yield Finding(called, f"{where}, node '{node.name}', which calls what is not there")


def _values_of(node: Node) -> int:
    """Counts the values of a node's constants: loaders make those of ops that have none too."""
    shapes = [value.tensor.tensor_shape for value in node.attr.values() if value.HasField("tensor")]
    return max((math.prod(abs(dim.size) for dim in shape.dim) for shape in shapes), default=0)
