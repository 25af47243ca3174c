"""A SavedModel as converters take it: one function, by names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from exporter import __version__, digests
from exporter.converters.convert_request import ConvertRequest
from exporter.errors import ConversionError, VerificationError
from exporter.protobufs import nodes_of
from exporter.signatures import SERVING, way_of
from exporter.verifier.comparison.known_network import KnownNetwork, known_network
from exporter.verifier.subjects.interface import load
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import END_POINTS, Arrays
from slim_nets.recognition import recognized

PRODUCER = "slim-export"
# Begins the names of ops that look something up in a table.
_LOOKUP = "LookupTable"


@dataclass(frozen=True)
class SourceModel:
    """What is converted: the default signature, or the end points of the same model.

    Attributes:
        model: The SavedModel.
        way: The way of calling that is converted, as the verifier names it.
    """

    model: LoadedModel
    way: str = way_of(SERVING)

    @property
    def folder(self) -> Path:
        """Where the SavedModel lies."""
        return self.model.folder

    @cached_property
    def function(self) -> Any:
        """A concrete function with named inputs that returns a dict of tensors."""
        if self.way in self.model.interface.signature_ways:
            return self.model.interface.signature_ways[self.way]
        (spec,) = self.model.input_spec.specs
        root = self.model.interface.root

        @tf.function(input_signature=[tf.TensorSpec(spec.shape, spec.dtype, "inputs")])
        def end_points_fn(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
            found: dict[str, tf.Tensor] = root(inputs, return_endpoints=True)
            return found

        return end_points_fn.get_concrete_function()

    @property
    def inputs(self) -> dict[str, tf.TensorSpec]:
        """The inputs by name, in sorted order."""
        if self.way in self.model.interface.signature_ways:
            return dict(sorted(self.function.structured_input_signature[1].items()))
        return {"inputs": self.function.structured_input_signature[0][0]}

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width of the images in pixels; None if it takes other things."""
        return self.model.spec_of(self.way).image_size

    @property
    def outputs(self) -> dict[str, tf.TensorSpec]:
        """The outputs by name, in sorted order."""
        return dict(sorted(self.function.structured_outputs.items()))

    @cached_property
    def lookups(self) -> tuple[str, ...]:
        """The ops that look something up in a table, by the names of their kinds, sorted."""
        ops = {node.op for node in nodes_of(self.function.graph.as_graph_def())}
        return tuple(sorted(op for op in ops if op.startswith(_LOOKUP)))

    @cached_property
    def network(self) -> KnownNetwork:
        """What is known of the network; nothing, if it is none of ours."""
        return known_network(self.model)

    @property
    def name(self) -> str:
        """What the network is called; empty, if it is none of ours."""
        return self.network.variant.name if self.network.variant else ""

    def named(self, inputs: Sequence[np.ndarray]) -> Arrays:
        """Gives one batch, flattened, the names of the inputs."""
        return dict(zip(self.inputs, inputs, strict=True))

    def end_points(self) -> "SourceModel | None":
        """Returns the same model with all end points as outputs; None if it shows none."""
        taken = self.model.input_spec
        if END_POINTS not in self.model.ways or len(taken.specs) != 1:
            return None
        same = self.model.spec_of(END_POINTS).is_like(taken)
        return SourceModel(self.model, END_POINTS) if same else None

    def expected(self, inputs: Sequence[np.ndarray]) -> Arrays:
        """Computes what the SavedModel gives, end points in the network's order."""
        found = self.model.inference([self.way], inputs)[self.way]
        rank = {name: place for place, name in enumerate(self.network.order)}
        return {key: found[key] for key in sorted(found, key=lambda k: rank.get(k, len(rank)))}


def source_of(folder: Path) -> SourceModel:
    """Loads a SavedModel to convert.

    Args:
        folder: The SavedModel, whoever made it.

    Returns:
        Its default signature.

    Raises:
        ConversionError: If it cannot be loaded, or has no such signature.
    """
    try:
        model = LoadedModel(folder, load(folder), way_of(SERVING))
    except VerificationError as error:
        raise ConversionError(str(error)) from error
    if SERVING not in model.interface.signatures:
        found = ", ".join(sorted(model.interface.signatures)) or "none"
        raise ConversionError(
            f"SavedModel '{folder}' has no signature to convert: expected '{SERVING}', found"
            f" {found}. Save it with signatures={{'{SERVING}': ...}}."
        )
    return SourceModel(model)


def properties(source: SourceModel, request: ConvertRequest) -> dict[str, str]:
    """Says what a converted file was made from, in formats that have a place for it.

    Args:
        source: What is converted.
        request: Of which author and license are named.

    Returns:
        Names and values in sorted order, without those that are not known; nothing in it changes
        from one conversion to the next.
    """
    variables = source.model.variables()
    variant, task = recognized(variables, source.model.input_spec.image_size) or (None, "")
    found = {
        "author": request.author,
        "license": request.license,
        "producer": f"{PRODUCER} {__version__}",
        "source_sha256": digests.of_folder(source.folder),
        "task": task,
        "variant": variant.name if variant else "",
    }
    return {name: value for name, value in found.items() if value}
