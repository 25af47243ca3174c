"""What a model takes."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.errors import VerificationError
from exporter.verifier.subjects.input_range import UNKNOWN, Ends, InputRange
from exporter.verifier.subjects.probes import UNSCALED
from exporter.verifier.subjects.tensor_kinds import (
    described,
    holds,
    is_alike,
    is_image,
    is_known,
    is_whole,
    kind,
    numpy_dtype,
    probe,
    shape_of,
    tensor,
)

# Bytes of one input: an image of 2048 pixels a side has a fifth of that.
MAX_EXAMPLE = 1 << 28
# Free dimensions other than the batch; of an image the height and width.
_FREE, _FREE_IMAGE = 8, 96


@dataclass(frozen=True)
class InputSpec:
    """What a model takes, flattened.

    Attributes:
        specs: A `tf.TensorSpec` each, the batch dimension first, or another `tf.TypeSpec`.
        sizes: Heights and widths at which images are tried that may have any: the usual one
            first. Empty where none is usual.
        names: Of the inputs; none where there is one that nobody names.
        input_range: Of the values, where the only input is RGB images.
        zero_or_one: Probes of which whole numbers are 0 and 1, since the model takes no others.
    """

    specs: tuple[Any, ...]
    sizes: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()
    input_range: InputRange = UNKNOWN
    zero_or_one: frozenset[str] = frozenset()

    @property
    def declared_size(self) -> tuple[int | None, int | None] | None:
        """Height and width if the only input is RGB images, None for a free one; else None."""
        if len(self.specs) != 1 or not is_image(self.specs[0]):
            return None
        _, height, width, _ = self.specs[0].shape
        return height, width

    @property
    def any_size(self) -> bool:
        """Whether the only input is RGB images of any height or width."""
        return self.declared_size is not None and None in self.declared_size

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width if the only input is RGB images, the usual ones for any; else None."""
        if self.declared_size is None:
            return None
        usual = self.sizes[0] if self.sizes else (_FREE_IMAGE, _FREE_IMAGE)
        height, width = (size or free for size, free in zip(self.declared_size, usual, strict=True))
        return height, width

    @property
    def image_range(self) -> Ends | None:
        """Least and largest value of images; None if it takes other things."""
        return None if self.declared_size is None else self.input_range.ends

    @property
    def takes_files(self) -> bool:
        """Whether images can be given as the bytes of their files: one string an example."""
        (first, *others) = self.specs or (None,)
        is_text = isinstance(first, tf.TensorSpec) and first.dtype == tf.string
        return bool(is_text and first.shape.rank == 1 and not others)

    @property
    def strange(self) -> str:
        """What no values can be made for, such as a dataset; empty if there is no such input."""
        return next((type(spec).__name__ for spec in self.specs if not is_known(spec)), "")

    @property
    def any_whole(self) -> bool:
        """Whether values can be made up, and some are whole numbers."""
        return not self.strange and any(map(is_whole, self.specs))

    @property
    def telling_names(self) -> tuple[str, ...]:
        """The names, which say nothing where there is one input."""
        return self.names if len(self.specs) > 1 else ()

    @property
    def key(self) -> Hashable:
        """What is equal for inputs for which the same values are made up."""
        if self.strange:
            return str(self)
        made = [(value.dtype.str, value.shape) for value in self.probe("zeros")]
        kinds = tuple(map(kind, self.specs))
        return (
            self.telling_names,
            kinds,
            tuple(made),
            self.sizes,
            self.input_range,
            self.zero_or_one,
        )

    def is_like(self, other: "InputSpec") -> bool:
        """Returns whether what fits the other fits this one too."""
        if self.telling_names != other.telling_names or len(self.specs) != len(other.specs):
            return False
        return all(map(is_alike, self.specs, other.specs))

    def probe(self, name: str) -> list[np.ndarray]:
        """Makes one example of a probe, without a batch dimension, for every input."""
        places = {own: place for place, own in enumerate(sorted(self.telling_names))}
        names = self.telling_names or ("",) * len(self.specs)
        pairs = zip(self.specs, names, strict=True)
        made = [
            probe(
                spec,
                self._shape(spec),
                name,
                places.get(own, 0),
                zero_or_one=name in self.zero_or_one,
            )
            for spec, own in pairs
        ]
        if self.image_size is None or name == UNSCALED:
            return made
        return [self.input_range.of_unit(image) for image in made]

    def _shape(self, spec: Any) -> list[int]:
        """Chooses the shape of one example.

        Raises:
            VerificationError: If it would fill the memory.
        """
        shape = self._chosen_shape(spec)
        if (size := math.prod(shape) * spec.dtype.size) > MAX_EXAMPLE:
            raise VerificationError(
                f"Model takes inputs that are too large to be tried: expected at most {MAX_EXAMPLE}"
                f" bytes an example, found {size} in '{spec.name}'. Save it with a smaller input."
            )
        return shape

    def _chosen_shape(self, spec: Any) -> list[int]:
        if self.image_size is not None:
            return [*self.image_size, 3]
        free = _FREE_IMAGE if is_image(spec) else _FREE
        if spec.shape.rank is None:
            return [free]
        return [free if size is None else size for size in spec.shape[1:]]

    def fixed_batch(self) -> int | None:
        """Returns the only batch size that fits, None if any does."""
        shapes = [shape_of(spec) for spec in self.specs]
        sizes = [shape[0] for shape in shapes if shape.rank and shape[0] is not None]
        without_batch = all(shape.rank == 0 for shape in shapes)
        return next(iter(sizes), 1 if without_batch else None)

    def fed(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Returns a batch as calls take it.

        Of an input without a batch it is the first value; of one with another number of rows than
        the first has, such as anchors beside an image, so many of its own.
        """
        return [
            _of_length(spec.shape, value) for spec, value in zip(self.specs, inputs, strict=True)
        ]

    def tensors(self, inputs: Sequence[np.ndarray]) -> list[Any]:
        """Makes tensors of a batch, dense, ragged or sparse as calls take them."""
        pairs = zip(self.specs, self.fed(inputs), strict=True)
        return [tensor(spec, value) for spec, value in pairs]

    def taken(self, given: Mapping[str, np.ndarray]) -> tuple[str, ...]:
        """Returns which arrays are those of these inputs, in their order; none if they do not fit.

        One array is that of the only input, whatever their names.
        """
        named = bool(self.names) and set(self.names) <= given.keys()
        names = self.names if named else tuple(given)
        if not (named or len(names) == 1) or len(names) != len(self.specs) or self.strange:
            return ()
        fitting = all(holds(spec, given[own]) for spec, own in zip(self.specs, names, strict=True))
        return names if fitting else ()

    def chosen(self, given: Mapping[str, np.ndarray], number: int) -> list[np.ndarray]:
        """Picks one example of arrays that fit, in the inputs' dtypes."""
        pairs = zip(self.specs, self.taken(given), strict=True)
        return [np.asarray(given[name][number], numpy_dtype(spec)) for spec, name in pairs]

    def __str__(self) -> str:
        """Describes every input."""
        names = self.telling_names or ("",) * len(self.specs)
        pairs = zip(names, self.specs, strict=True)
        return ", ".join(f"{name} {described(spec)}".strip() for name, spec in pairs) or "nothing"


def _of_length(shape: tf.TensorShape, value: np.ndarray) -> Any:
    if shape.rank == 0:
        return value[0]
    if not shape.rank or shape[0] in (None, len(value)):
        return value
    return np.resize(value, (shape[0], *value.shape[1:]))
