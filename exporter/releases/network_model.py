"""A model of one of our networks, as its release tells of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporter.releases.manifest import Manifest, WeightsOrigin
from exporter.releases.model_facts import ModelFacts
from exporter.releases.model_page import PageRequest, code, model_page, published
from exporter.releases.rebuild import rebuild_command
from exporter.verifier.report.records import Origin


@dataclass(frozen=True)
class NetworkModel:
    """A model that was compared with the original graph.

    Attributes:
        origin: Where the report says that it came from.
        facts: What it says of itself.
    """

    origin: Origin
    facts: ModelFacts

    @property
    def reference(self) -> str:
        """What it was compared with, without where that lay, which others have no use for."""
        return f"the original graph with checkpoint '{self.origin.checkpoint}'"

    @property
    def is_known(self) -> bool:
        """Whether this process has the network."""
        return self.origin.variant.is_known

    @property
    def tensorflow(self) -> str:
        """The version that wrote it."""
        return code(self.facts.tensorflow)

    @property
    def digests(self) -> tuple[str, ...]:
        """Of the checkpoint."""
        return (self.origin.checkpoint_sha256,)

    def fields(self) -> dict[str, Any]:
        """Returns the fields of its manifest that say what it is, and where from."""
        origin, row = self.origin, published(self.origin)
        height, width = origin.variant.image_size
        return {
            "variant": origin.variant.name,
            "task": origin.task,
            "image_size": height if height == width else (height, width),
            "checkpoint": WeightsOrigin(
                name=origin.checkpoint,
                sha256=origin.checkpoint_sha256,
                trained=origin.trained,
                archive_url=row and row.url,
                archive_sha256=row and row.sha256,
            ),
            "rebuild": rebuild_command(origin, self.facts),
        }

    def page(self, draft: Manifest, asset_path: str) -> str:
        """Writes its page."""
        return model_page(PageRequest(draft, self.origin, self.facts, asset_path))

    def mismatches(self) -> Iterator[str]:
        """Says where the model is not as the report says."""
        variant = self.origin.variant
        if self.facts.image_size != (None if variant.network.any_size else variant.image_size):
            yield "its images have another size than the report's"
