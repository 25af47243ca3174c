"""What a model is compared with, which any process can open.

Nothing here imports TensorFlow before it is opened: a process that is handed a
reference imports it in its own time.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.verifier.report.records import Origin
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.input_range import UNKNOWN, InputRange
from slim_nets.network import Task
from slim_nets.registry import Variant

if TYPE_CHECKING:
    from exporter.restore import RestoredWeights
    from exporter.verifier.subjects.subject import Subject


# What a report calls its reference where a model's interface alone was checked.
RULES = "the interface's rules"


@dataclass(frozen=True)
class OriginalGraph:
    """The original graph with a checkpoint.

    Attributes:
        variant: Which network.
        task: What it ends with.
        prefix: The checkpoint.
        stored_names: For every variable, its name in the checkpoint.
    """

    variant: Variant
    task: Task
    prefix: Path
    stored_names: Mapping[str, str]

    def opened(self) -> "AbstractContextManager[Subject]":
        """Builds and restores it, when entered, until its sessions are closed."""
        from exporter.verifier.subjects.original_graph import restored

        return restored(self.variant, self.task, str(self.prefix), self.stored_names)


@dataclass(frozen=True)
class SavedModelFolder:
    """A SavedModel.

    Attributes:
        folder: Where it lies.
        main: The way of calling that examples are made for; empty for the first.
        sizes: Heights and widths at which images are tried that may have any, the usual one first;
            empty for those of the network that it is.
        input_range: Of images; unknown for what the model itself says.
    """

    folder: Path
    main: str = ""
    sizes: tuple[tuple[int, int], ...] = ()
    input_range: InputRange = UNKNOWN

    def opened(self) -> "AbstractContextManager[Subject]":
        """Loads it.

        Raises:
            VerificationError: If that fails.
        """
        from exporter.verifier.subjects.loading import load_model

        given = Given(input_range=self.input_range)
        return nullcontext(load_model(self.folder, self.main, self.sizes, given))


@dataclass(frozen=True)
class Reference:
    """What a model is compared with, and what a report says of it.

    Attributes:
        subject: How processes open it.
        name: For people.
        digest: Of its files.
        origin: Where a model equal to it came from; None for a SavedModel.
    """

    subject: OriginalGraph | SavedModelFolder
    name: str
    digest: str
    origin: Origin | None = None

    @property
    def folder(self) -> Path | None:
        """Where it lies, if it is a SavedModel."""
        return self.subject.folder if isinstance(self.subject, SavedModelFolder) else None


def saved_model(folder: Path, digest: str, input_range: InputRange = UNKNOWN) -> Reference:
    """Makes a reference of a SavedModel; opening it tells whether it is one.

    Args:
        folder: Where it lies.
        digest: Of its files.
        input_range: Of images; unknown for what the model itself says.
    """
    subject = SavedModelFolder(folder.absolute(), input_range=input_range)
    return Reference(subject, f"SavedModel '{folder}'", digest)


def original(weights: "RestoredWeights") -> Reference:
    """Makes a reference of the original graph with the checkpoint that weights were restored from.

    Returns:
        The reference, with the origin of every model that is equal to it.
    """
    local, variant, task = weights.checkpoint, weights.variant, weights.task
    return Reference(
        OriginalGraph(variant, task, local.prefix.absolute(), dict(weights.stored_names)),
        f"the original graph with checkpoint '{local.source}'",
        local.sha256,
        Origin(
            variant=variant,
            task=task,
            checkpoint="".join(c if c.isprintable() else "_" for c in local.name),
            checkpoint_sha256=local.sha256,
            published=local.published is not None,
            trained=local.source.trained,
            restoring=weights.options,
        ),
    )
