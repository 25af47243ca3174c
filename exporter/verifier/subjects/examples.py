"""The inputs on which models are compared: fixed probes, and what a user gives."""

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.photos import read
from exporter.verifier.subjects.probes import GIVEN, PROBES, shift
from exporter.verifier.subjects.tensor_kinds import (
    described,
    is_alike,
    is_known,
    kind,
    numpy_dtype,
    shape_of,
    tensor,
)

# A whole number of batches of every size, so that images can be streamed block by block.
_BLOCK = 96
# Images on which float noise is measured; on others it was seen less than twice as large.
_TYPICAL = 8
# Free dimensions other than the batch; of an image the height and width.
_FREE, _FREE_IMAGE = 8, 96
_WORDS = (b"", b"a", b"hub", b"\xff\x00", b"0", b"network", b" ")


@dataclass(frozen=True)
class Plan:
    """How much is tried.

    Attributes:
        probes: Names of `PROBES`.
        batch_sizes: Of outputs in inference; their least common multiple divides 96.
        momenta: Of calls in training mode.
        training_batch: How many examples such a call takes: enough for batch
            statistics, few enough for every momentum in turn.
        gradients: Whether gradients are compared, and a step of SGD.
        every_way: Whether dropout's statistics are compared by every way of calling, not by one.
    """

    probes: tuple[str, ...]
    batch_sizes: tuple[int, ...]
    momenta: tuple[float, ...]
    training_batch: int
    gradients: bool
    every_way: bool


# The momenta: both ends, the published default, and that of training from scratch.
FULL = Plan(
    tuple(PROBES), (1, 3, 32), (0.0, 0.9, 0.99, 0.997, 1.0), 4, gradients=True, every_way=True
)
# What every export waits for.
QUICK = Plan(("ramp", "noise"), (1, 3), (0.9,), 2, gradients=False, every_way=False)


@dataclass(frozen=True)
class InputSpec:
    """What a model takes, flattened.

    Attributes:
        specs: A `tf.TensorSpec` each, the batch dimension first, or another `tf.TypeSpec`.
        names: Of the inputs; none where there is one that nobody names.
    """

    specs: tuple[Any, ...]
    names: tuple[str, ...] = ()

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width if the only input is RGB images, else None."""
        if len(self.specs) != 1 or not _is_image(self.specs[0]):
            return None
        _, height, width, _ = self.specs[0].shape
        return height or _FREE_IMAGE, width or _FREE_IMAGE

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
    def telling_names(self) -> tuple[str, ...]:
        """The names, which say nothing where there is one input."""
        return self.names if len(self.specs) > 1 else ()

    @property
    def key(self) -> Hashable:
        """What is equal for inputs for which the same values are made up."""
        if self.strange:
            return str(self)
        made = [(value.dtype.str, value.shape) for value in self.probe("zeros")]
        return self.telling_names, tuple(map(kind, self.specs)), tuple(made)

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
        return [_probe(spec, name, places.get(own, 0)) for spec, own in pairs]

    def fixed_batch(self) -> int | None:
        """Returns the only batch size that fits, None if any does."""
        shapes = [shape_of(spec) for spec in self.specs]
        sizes = {shape[0] for shape in shapes if shape.rank} - {None}
        without_batch = all(shape.rank == 0 for shape in shapes)
        return next(iter(sizes), 1 if without_batch else None)

    def fed(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Returns a batch as calls take it: of an input without a batch, the first value."""
        pairs = zip(self.specs, inputs, strict=True)
        return [value[0] if spec.shape.rank == 0 else value for spec, value in pairs]

    def tensors(self, inputs: Sequence[np.ndarray]) -> list[Any]:
        """Makes tensors of a batch, dense, ragged or sparse as calls take them."""
        pairs = zip(self.specs, self.fed(inputs), strict=True)
        return [tensor(spec, value) for spec, value in pairs]

    def fits(self, given: Mapping[str, np.ndarray]) -> bool:
        """Returns whether arrays by name are those of these inputs."""
        named = bool(self.names) and set(self.names) <= given.keys()
        return named or len(self.specs) == len(given) == 1

    def chosen(self, given: Mapping[str, np.ndarray], number: int) -> list[np.ndarray]:
        """Picks one example of arrays that fit, in the inputs' dtypes."""
        names = self.names if set(self.names) <= given.keys() and self.names else tuple(given)
        pairs = zip(self.specs, names, strict=True)
        return [np.asarray(given[name][number], numpy_dtype(spec)) for spec, name in pairs]

    def __str__(self) -> str:
        """Describes every input."""
        names = self.telling_names or ("",) * len(self.specs)
        pairs = zip(names, self.specs, strict=True)
        return ", ".join(f"{name} {described(spec)}".strip() for name, spec in pairs) or "nothing"


def _is_image(spec: Any) -> bool:
    if not isinstance(spec, tf.TensorSpec):
        return False
    shape = spec.shape
    return bool(spec.dtype == tf.float32 and shape.rank == 4 and shape[3] == 3)


def _probe(spec: Any, name: str, place: int) -> np.ndarray:
    free = _FREE_IMAGE if _is_image(spec) else _FREE
    if spec.shape.rank is None:
        shape = [free]
    else:
        shape = [free if size is None else size for size in spec.shape[1:]]
    if spec.dtype.is_floating or spec.dtype.is_complex:
        return np.asarray(PROBES[name](shape, place), spec.dtype.as_numpy_dtype)
    values = PROBES[name](shape, 0)
    if spec.dtype == tf.string:
        index = ((7 * values).astype(np.int64) + shift(name, place)) % len(_WORDS)
        return np.array([_WORDS[i] for i in index.ravel()], object).reshape(shape)
    # Few vocabularies and lookup tables have less than two entries.
    whole = (np.floor(2 * np.abs(values)) + shift(name, place)) % 2
    return np.asarray(whole).astype(spec.dtype.as_numpy_dtype)


@dataclass(frozen=True)
class Batch:
    """Some examples at once.

    Attributes:
        names: Of the examples, in order.
        inputs: For every input, an array with the batch dimension first; also for one that
            takes a number without a batch, of which the first is given.
    """

    names: tuple[str, ...]
    inputs: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Examples:
    """The probes, or examples that a user gives; then images that are read when they are wanted.

    Attributes:
        spec: What the model takes.
        plan: How much is tried.
        images: Files; only for models whose only input is images, or the bytes of their files.
        given: Examples in place of probes: for every input, by name, an array of all of them.
        refused: Names of probes that the model does not take.
    """

    spec: InputSpec
    plan: Plan = FULL
    images: tuple[Path, ...] = ()
    given: Mapping[str, np.ndarray] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of probes, or of what was given, and of images; none if nothing fits."""
        return tuple(map(_name, [*self._made, *self.images]))

    @property
    def _made(self) -> list[int | str]:
        """The probes by name, or the number of every example that was given."""
        if self.given:
            return list(range(min(len(column) for column in self.given.values())))
        return [name for name in self.plan.probes if name not in self.refused]

    @property
    def key(self) -> Hashable:
        """What is equal for examples that hold the same values."""
        return self.spec.key, self.images, bool(self.given), self.refused

    def blocks(self) -> Iterator[Batch]:
        """Reads everything once, at most 96 at a time."""
        makers: list[int | str | Path] = [*self._made, *self.images]
        for start in range(0, len(makers), _BLOCK):
            yield self._batch(makers[start : start + _BLOCK])

    def few(self, count: int | None = None) -> Batch:
        """Returns noise, ramp and the first images, for what is done once.

        Args:
            count: How many in all, where the model takes any number; the plan's
                `training_batch` if None.
        """
        wanted: Iterable[int | str | Path] = ("noise", "ramp", *self.images, "half", "ones")
        fitting = [maker for maker in wanted if maker not in self.refused]
        makers = [*self._made, *self.images] if self.given or not fitting else fitting
        size = self.spec.fixed_batch() or count or self.plan.training_batch
        return self._batch(list(itertools.islice(itertools.cycle(makers), size)))

    @property
    def _typical(self) -> list[int | str | Path]:
        made = self._made[:_TYPICAL] if self.given else self._made
        return [*made, *self.images[:_TYPICAL]]

    @property
    def typical_names(self) -> tuple[str, ...]:
        """The names of the typical examples, which are not read for that."""
        return tuple(map(_name, self._typical))

    def typical(self) -> Batch:
        """Returns every probe, and the first images, on which float noise is measured."""
        return self._batch(self._typical)

    def _batch(self, makers: Sequence[int | str | Path]) -> Batch:
        examples = [self._read(maker) for maker in makers]
        names = tuple(map(_name, makers))
        return Batch(names, tuple(np.stack(column) for column in zip(*examples, strict=True)))

    def _read(self, maker: int | str | Path) -> list[np.ndarray]:
        if isinstance(maker, str):
            return self.spec.probe(maker)
        if isinstance(maker, int):
            return self.spec.chosen(self.given, maker)
        size = self.spec.image_size
        if size is None:
            assert self.spec.takes_files, "images were given for a model that takes images"
            return [np.array(maker.read_bytes(), object)]
        return [read([maker], size)[0]]


def _name(maker: int | str | Path) -> str:
    if isinstance(maker, int):
        return f"{GIVEN}{maker}"
    return maker if isinstance(maker, str) else maker.name


def split(block: Batch, size: int) -> Iterator[Batch]:
    """Cuts a batch into smaller ones; the last begins anew to be full."""
    total = len(block.names)
    for start in range(0, total, size):
        index = np.arange(start, start + size) % total
        names = tuple(block.names[i] for i in index)
        yield Batch(names, tuple(column[index] for column in block.inputs))
