"""A SavedModel as converters take it: one function, by names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.input_range import Ends, asked
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.output_bounds import too_much
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import END_POINTS, Arrays, draw
from slim_nets.recognition import recognized
from slim_nets.registry import resized

PRODUCER = "slim-export"
# Begins the names of ops that look something up in a table.
_LOOKUP = "LookupTable"


@dataclass(frozen=True)
class SourceModel:
    """What is converted: the default signature, or the end points of the same model.

    Attributes:
        model: The SavedModel.
        way: The way of calling that is converted, as the verifier names it.
        fixed_size: Height and width that images of any size are fixed to; None to leave them free.
    """

    model: LoadedModel
    way: str = way_of(SERVING)
    fixed_size: tuple[int, int] | None = None

    @property
    def folder(self) -> Path:
        """Where the SavedModel lies."""
        return self.model.folder

    @property
    def serving(self) -> "SourceModel":
        """The default signature of the same model."""
        return replace(self, way=way_of(SERVING))

    @cached_property
    def function(self) -> Any:
        """A concrete function with named inputs that returns a dict of tensors."""
        if self.way in self.model.interface.signature_ways:
            signature = self.model.interface.signature_ways[self.way]
            return signature if self.fixed_size is None else self._fixed(signature)
        (spec,) = self.serving.spec.specs
        root = self.model.interface.root

        @tf.function(input_signature=[tf.TensorSpec(spec.shape, spec.dtype, "inputs")])
        def end_points_fn(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
            found: dict[str, tf.Tensor] = root(inputs, return_endpoints=True)
            return found

        return end_points_fn.get_concrete_function()

    def _fixed(self, signature: Any) -> Any:
        """Returns a signature that takes images of the fixed size alone."""
        (name,) = signature.structured_input_signature[1]
        (spec,) = self.spec.specs

        @tf.function(autograph=False)
        def fixed_fn(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
            found: dict[str, tf.Tensor] = signature(**inputs)
            return found

        return fixed_fn.get_concrete_function(**{name: tf.TensorSpec(spec.shape, spec.dtype, name)})

    @property
    def spec(self) -> InputSpec:
        """What it takes."""
        spec = self.model.spec_of(self.way)
        if self.fixed_size is None:
            return spec
        (images,) = spec.specs
        shape = [images.shape[0], *self.fixed_size, images.shape[3]]
        fixed = tf.TensorSpec(shape, images.dtype, images.name)
        return InputSpec((fixed,), input_range=spec.input_range)

    @property
    def inputs(self) -> dict[str, tf.TensorSpec]:
        """The inputs by name, in sorted order."""
        if self.way in self.model.interface.signature_ways:
            return dict(sorted(self.function.structured_input_signature[1].items()))
        return {"inputs": self.function.structured_input_signature[0][0]}

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width of the images in pixels; None if it takes other things."""
        return self.spec.image_size

    @property
    def known_range(self) -> Ends | None:
        """Least and largest value of the images; None if nobody says it, or it takes no images."""
        return self.spec.input_range.known if self.image_size else None

    @property
    def outputs(self) -> dict[str, tf.TensorSpec]:
        """The outputs by name, in sorted order."""
        return dict(sorted(self.function.structured_outputs.items()))

    @cached_property
    def lookups(self) -> tuple[str, ...]:
        """The ops that look something up in a table, by the names of their kinds, sorted."""
        ops = {node.op for node in self._nodes}
        return tuple(sorted(op for op in ops if op.startswith(_LOOKUP)))

    @cached_property
    def draws(self) -> bool:
        """Whether it may draw at random."""
        return draw(self._nodes)

    @property
    def _nodes(self) -> Iterator[Any]:
        return nodes_of(self.function.graph.as_graph_def())

    @cached_property
    def network(self) -> KnownNetwork:
        """What is known of the network; nothing, if it is none of ours."""
        known = known_network(self.model)
        if known.variant is None or self.fixed_size is None:
            return known
        return replace(known, variant=resized(known.variant, image_size=self.fixed_size))

    @property
    def name(self) -> str:
        """What the network is called; empty, if it is none of ours."""
        return self.network.variant.name if self.network.variant else ""

    def named(self, inputs: Sequence[np.ndarray]) -> Arrays:
        """Gives one batch, flattened, the names of the inputs."""
        fed = self.spec.fed(inputs)
        return dict(zip(self.inputs, fed, strict=True))

    def end_points(self) -> "SourceModel | None":
        """Returns the same model with all end points as outputs; None if it shows none."""
        taken = self.model.input_spec
        if END_POINTS not in self.model.ways or len(taken.specs) != 1:
            return None
        same = self.model.spec_of(END_POINTS).is_like(taken)
        return replace(self, way=END_POINTS) if same else None

    def expected(self, inputs: Sequence[np.ndarray]) -> Arrays:
        """Computes what the SavedModel gives, end points in the network's order."""
        found = self.model.inference([self.way], inputs)[self.way]
        rank = {name: place for place, name in enumerate(self.network.order)}
        return {key: found[key] for key in sorted(found, key=lambda k: rank.get(k, len(rank)))}


def source_of(
    folder: Path,
    fixed_size: tuple[int, int] | None = None,
    input_range: tuple[float, float] | None = None,
) -> SourceModel:
    """Loads a SavedModel to convert.

    Args:
        folder: The SavedModel, whoever made it.
        fixed_size: As `SourceModel.fixed_size`.
        input_range: Least and largest value of images; None for what the model itself says.

    Returns:
        Its default signature.

    Raises:
        ConversionError: If it cannot be loaded, has no such signature or one without values, or
            takes no images of any size and a size is given.
        InvalidArgumentError: If it takes no images of the range that is given.
    """
    sizes = () if fixed_size is None else (fixed_size,)
    try:
        given = Given(input_range=asked(input_range))
        model = load_model(folder, way_of(SERVING), sizes, given)
    except VerificationError as error:
        raise ConversionError(str(error)) from error
    if SERVING not in model.interface.signatures:
        found = ", ".join(sorted(model.interface.signatures)) or "none"
        raise ConversionError(
            f"SavedModel '{folder}' has no signature to convert: expected '{SERVING}', found"
            f" {found}. Save it with signatures={{'{SERVING}': ...}}."
        )
    if fixed_size is not None:
        _check_fixed(model, fixed_size)
    source = SourceModel(model, fixed_size=fixed_size)
    for name, spec in {**source.inputs, **source.outputs}.items():
        if spec.shape.rank and 0 in spec.shape.as_list():
            raise ConversionError(
                f"SavedModel '{folder}' has nothing to compare: expected values in '{name}', found"
                f" none in {spec.shape}. Save it with other shapes in its signature."
            )
    if too_large := too_much(source.outputs, batch=1):
        raise ConversionError(
            f"SavedModel '{folder}' cannot be compared with what is converted: {too_large}. Save it"
            " with smaller ones in its signature."
        )
    return source


def _check_fixed(model: LoadedModel, size: tuple[int, int]) -> None:
    """Refuses a size for images whose size is fixed already, or that the network does not take.

    Raises:
        ConversionError: If it is one.
    """
    spec = model.input_spec
    if not spec.any_size:
        found = ", ".join(str(one.shape) for one in spec.specs)
        raise ConversionError(
            f"SavedModel '{model.folder}' takes no images of any size: expected"
            f" [batch, height, width, 3] with both free, found {found}. Leave out --image_size."
        )
    known = recognized(model.variables(), (None, None))
    try:
        if known is not None:
            resized(known[0], image_size=size)
    except ValueError as error:
        raise ConversionError(str(error)) from error


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
    variant, task = recognized(variables, source.spec.declared_size) or (None, "")
    found = {
        "author": request.author,
        "license": request.license,
        "producer": f"{PRODUCER} {__version__}",
        "source_sha256": digests.of_folder(source.folder),
        "task": task,
        "variant": variant.name if variant else "",
    }
    return {name: value for name, value in found.items() if value}
