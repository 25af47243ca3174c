"""What a release tells of its model: of one of our networks, or of anybody's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from exporter.releases.foreign_model import foreign_model
from exporter.releases.manifest import Manifest
from exporter.releases.model_facts import model_facts
from exporter.releases.network_model import NetworkModel
from exporter.verifier.report.verification_report import VerificationReport


class ReleasedModel(Protocol):
    """A model with a passed report."""

    @property
    def reference(self) -> str:
        """What it was compared with, without where that lay."""

    @property
    def is_known(self) -> bool:
        """Whether this process would write the same manifest and page."""

    @property
    def tensorflow(self) -> str:
        """The version that wrote it."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Of what it came from, or was compared with; the page states them."""

    def fields(self) -> dict[str, Any]:
        """Returns the fields of its manifest that say what it is, and where from."""

    def page(self, draft: Manifest, asset_path: str) -> str:
        """Writes its page.

        Args:
            draft: The manifest, of whose files only the archive need be known.
            asset_path: Where the archive is.
        """

    def mismatches(self) -> Iterator[str]:
        """Says where the model is not as the report says."""


def released_model(folder: Path, report: VerificationReport) -> ReleasedModel:
    """Reads a model as its release is to tell of it.

    Args:
        folder: The SavedModel.
        report: Its passed report.

    Raises:
        PublishError: If it cannot be read, has not the interface of our networks, or is one of
            them without a comparison with the original graph.
    """
    if report.origin is not None:
        return NetworkModel(report.origin, model_facts(folder))
    return foreign_model(folder, report)
