"""The inputs on which models are compared: fixed probes, and a user's images."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.errors import VerificationError
from exporter.photos import read

# Bytes of one input: an image of 2048 pixels a side has a fifth of that.
MAX_EXAMPLE = 1 << 28
# A whole number of batches of every size, so that images can be streamed block by block.
_BLOCK = 96
# Images on which float noise is measured; on others it was seen less than twice as large.
_TYPICAL = 8
# Free dimensions other than the batch; of an image the height and width.
_FREE, _FREE_IMAGE = 8, 96
# Which probes are tried at another size of images than the usual one; how many images, and in how
# many batch sizes.
_ELSEWHERE = ("ramp", "noise")
_FEW_ELSEWHERE = 2
_WORDS = (b"", b"a", b"hub", b"\xff\x00", b"0", b"network", b" ")
_SEED = 0


def _noise(shape: Sequence[int]) -> np.ndarray:
    return np.asarray(np.random.RandomState(_SEED).random_sample(shape))


def _ramp(shape: Sequence[int]) -> np.ndarray:
    """A ramp of colours, or a ramp over all values where there are no rows and columns."""
    if len(shape) != 3:
        return np.linspace(0.0, 1.0, int(np.prod(shape))).reshape(shape)
    rows, columns = np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1])
    planes = (rows[:, None] + 0 * columns, columns + 0 * rows[:, None], 0 * rows[:, None] + 0.5)
    return np.stack([np.broadcast_to(planes[i % 3], shape[:2]) for i in range(shape[-1])], -1)


# Extremes lie outside [0, 1], where images never are: they reach the ends of every activation.
PROBES: dict[str, Callable[[Sequence[int]], np.ndarray]] = {
    "zeros": np.zeros,
    "ones": np.ones,
    "half": lambda shape: np.full(shape, 0.5),
    "ramp": _ramp,
    "noise": _noise,
    "extremes": lambda shape: 20 * _noise(shape) - 10,
    "bytes": lambda shape: np.floor(256 * _noise(shape)),
}


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
        specs: A `tf.TensorSpec` each, the batch dimension first.
        sizes: Heights and widths at which images are tried that may have any: the usual one
            first. Empty where none is usual.
    """

    specs: tuple[tf.TensorSpec, ...]
    sizes: tuple[tuple[int, int], ...] = ()

    @property
    def declared_size(self) -> tuple[int | None, int | None] | None:
        """Height and width if the only input is RGB images, None for a free one; else None."""
        if len(self.specs) != 1 or not _is_image(self.specs[0]):
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

    def is_like(self, other: "InputSpec") -> bool:
        """Returns whether what fits the other fits this one too."""
        if len(self.specs) != len(other.specs):
            return False
        pairs = zip(self.specs, other.specs, strict=True)
        return all(a.dtype == b.dtype and a.shape.is_compatible_with(b.shape) for a, b in pairs)

    def probe(self, name: str) -> list[np.ndarray]:
        """Makes one example of a probe, without a batch dimension, for every input."""
        return [_probe(spec, self._shape(spec), name) for spec in self.specs]

    def _shape(self, spec: tf.TensorSpec) -> list[int]:
        """Chooses the shape of one example."""
        if self.image_size is not None:
            return [*self.image_size, 3]
        free = _FREE_IMAGE if _is_image(spec) else _FREE
        if spec.shape.rank is None:
            return [free]
        return [free if size is None else size for size in spec.shape[1:]]

    def fixed_batch(self) -> int | None:
        """Returns the only batch size that fits, None if any does."""
        sizes = {spec.shape[0] for spec in self.specs if spec.shape.rank}
        return next((size for size in sizes if size is not None), None)


def _is_image(spec: Any) -> bool:
    if not isinstance(spec, tf.TensorSpec):
        return False
    return bool(spec.dtype == tf.float32 and spec.shape.rank == 4 and spec.shape[3] == 3)


def _probe(spec: tf.TensorSpec, shape: list[int], name: str) -> np.ndarray:
    if (size := math.prod(shape) * spec.dtype.size) > MAX_EXAMPLE:
        raise VerificationError(
            f"Model takes inputs that are too large to be tried: expected at most {MAX_EXAMPLE}"
            f" bytes an example, found {size} in '{spec.name}'. Save it with a smaller input."
        )
    values = PROBES[name](shape)
    if spec.dtype == tf.string:
        index = (7 * values).astype(np.int64) % len(_WORDS)
        return np.array([_WORDS[i] for i in index.ravel()], object).reshape(shape)
    if spec.dtype.is_floating or spec.dtype.is_complex:
        return np.asarray(values, spec.dtype.as_numpy_dtype)
    # Few vocabularies and lookup tables have less than two entries.
    return np.asarray(np.floor(2 * np.abs(values)) % 2).astype(spec.dtype.as_numpy_dtype)


@dataclass(frozen=True)
class Batch:
    """Some examples at once.

    Attributes:
        names: Of the examples, in order.
        inputs: For every input, an array with the batch dimension first.
        at: Says at which size images are, behind a comma, where it is not the usual one.
    """

    names: tuple[str, ...]
    inputs: tuple[np.ndarray, ...]
    at: str = ""

    @property
    def case(self) -> str:
        """Names its size, such as `batch 3`, for the checks of it."""
        return f"batch {len(self.names)}{self.at}"


@dataclass(frozen=True)
class Examples:
    """The probes, then images that are read when they are wanted.

    Attributes:
        spec: What the model takes.
        plan: How much is tried.
        images: Files; only for models whose only input is images.
        at: As `Batch.at`.
    """

    spec: InputSpec
    plan: Plan = FULL
    images: tuple[Path, ...] = ()
    at: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of probes and images."""
        return (*self.plan.probes, *(path.name for path in self.images))

    def blocks(self) -> Iterator[Batch]:
        """Reads everything once, at most 96 at a time."""
        makers: list[str | Path] = [*self.plan.probes, *self.images]
        for start in range(0, len(makers), _BLOCK):
            yield self._batch(makers[start : start + _BLOCK])

    def batches(self) -> Iterator[Batch]:
        """Cuts everything into batches of every size; then some of it at other sizes of images."""
        fixed = self.spec.fixed_batch()
        for block in self.blocks():
            for size in [fixed] if fixed else self.plan.batch_sizes:
                yield from split(block, size)
        for other in self.elsewhere():
            yield from other.batches()

    def elsewhere(self) -> Iterator["Examples"]:
        """Yields some of the same at each of the other sizes that images of any size are tried at.

        No other size of it is in what is yielded.
        """
        probes = tuple(name for name in _ELSEWHERE if name in self.plan.probes)
        sizes = self.plan.batch_sizes[:_FEW_ELSEWHERE]
        for height, width in self.spec.sizes[1:] if self.spec.any_size else ():
            yield Examples(
                replace(self.spec, sizes=((height, width),)),
                replace(self.plan, probes=probes, batch_sizes=sizes),
                self.images[:_FEW_ELSEWHERE],
                f", {height}x{width} pixels",
            )

    def few(self, count: int | None = None) -> Batch:
        """Returns noise, ramp and the first images, for what is done once.

        Args:
            count: How many in all, where the model takes any number; the plan's
                `training_batch` if None.
        """
        makers: list[str | Path] = ["noise", "ramp", *self.images, "half", "ones"]
        fixed = self.spec.fixed_batch()
        return self._batch(
            list(
                itertools.islice(
                    itertools.cycle(makers), fixed or count or self.plan.training_batch
                )
            )
        )

    def typical(self) -> Batch:
        """Returns every probe, and the first images, on which float noise is measured."""
        return self._batch([*self.plan.probes, *self.images[:_TYPICAL]])

    def _batch(self, makers: Sequence[str | Path]) -> Batch:
        examples = [self._read(maker) for maker in makers]
        names = tuple(m if isinstance(m, str) else m.name for m in makers)
        columns = tuple(np.stack(column) for column in zip(*examples, strict=True))
        return Batch(names, columns, self.at)

    def _read(self, maker: str | Path) -> list[np.ndarray]:
        if isinstance(maker, str):
            return self.spec.probe(maker)
        size = self.spec.image_size
        assert size is not None, "images were given for a model that takes images"
        return [read([maker], size)[0]]


def split(block: Batch, size: int) -> Iterator[Batch]:
    """Cuts a batch into smaller ones; the last begins anew to be full."""
    total = len(block.names)
    for start in range(0, total, size):
        index = np.arange(start, start + size) % total
        names = tuple(block.names[i] for i in index)
        yield Batch(names, tuple(column[index] for column in block.inputs), block.at)
