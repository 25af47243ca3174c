"""What one process asks of another. Nothing here may import TensorFlow."""

from typing import Literal

import pydantic

from exporter.verifier.report.records import Origin
from slim_nets.network import Task
from slim_nets.registry import Variant


class GraphSource(pydantic.BaseModel, frozen=True):
    """The original graph with a checkpoint.

    Attributes:
        kind: Tells it from the other.
        variant: Which network.
        task: What it ends with.
        prefix: The checkpoint.
        stored_names: For every variable, its name in the checkpoint.
    """

    kind: Literal["graph"] = "graph"
    variant: Variant
    task: Task
    prefix: str
    stored_names: dict[str, str]


class ModelSource(pydantic.BaseModel, frozen=True):
    """A SavedModel.

    Attributes:
        kind: Tells it from the other.
        folder: Where it lies.
        main: The way of calling that examples are made for; empty for the first.
    """

    kind: Literal["model"] = "model"
    folder: str
    main: str = ""


Source = GraphSource | ModelSource


class Reference(pydantic.BaseModel, frozen=True):
    """What a model is compared with, wherever it came from.

    Attributes:
        source: How processes open it.
        name: For people.
        digest: Of its files.
        origin: Where a model equal to it came from; None for a SavedModel.
        raw_names: By variable, the names of the checkpoint's raw values, where
            it has moving averages and they are used.
    """

    source: Source = pydantic.Field(discriminator="kind")
    name: str
    digest: str
    origin: Origin | None = None
    raw_names: dict[str, str] = {}


class SnapshotRequest(pydantic.BaseModel, frozen=True):
    """Asks for a reference's results under other conditions.

    Attributes:
        source: The reference.
        images: Files, of which the first are used.
        target: The `.npz` file to write.
        more: Whether to compute also image by image, and in float64.
        inference: Whether to leave training mode and gradients out.
    """

    source: Source = pydantic.Field(discriminator="kind")
    images: tuple[str, ...]
    target: str
    more: bool
    inference: bool = False
