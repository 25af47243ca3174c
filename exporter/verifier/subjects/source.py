"""Says what a model is compared with, so that any process can open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.verifier.comparison.compare import Network, network, network_of
from exporter.verifier.report.request import GraphSource, Source
from exporter.verifier.subjects.interface import load
from exporter.verifier.subjects.original_graph import GraphSubject
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import Subject


@contextmanager
def opened(source: Source) -> Iterator[Subject]:
    """Loads a SavedModel, or builds and restores the original graph.

    Args:
        source: Which.

    Yields:
        The subject, until the original's sessions are closed.

    Raises:
        VerificationError: If a SavedModel cannot be loaded.
    """
    if not isinstance(source, GraphSource):
        yield loaded(Path(source.folder), source.main)
        return
    from exporter.original import restored

    with restored(source.variant, source.task, source.prefix, source.stored_names) as original:
        yield GraphSubject(original, source.variant, source.task)


def loaded(folder: Path, main: str = "") -> LoadedModel:
    """Loads a SavedModel.

    Args:
        folder: Where it lies.
        main: The way of calling that examples are made for; empty for the first.

    Raises:
        VerificationError: If that fails.
    """
    return LoadedModel(folder, load(folder), main)


def known_network(source: Source, reference: Subject) -> Network:
    """Returns what is known of the network, by its name or by its variables."""
    if isinstance(source, GraphSource):
        return network(source.variant, source.task)
    return network_of(reference)
