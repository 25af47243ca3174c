"""The inputs on which models are compared: fixed probes, and what a user gives."""

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from exporter.photos import read
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.probes import GIVEN, PROBES

# A whole number of batches of every size, so that images can be streamed block by block. The first
# block is cut into every size: which kernels compute depends on the size, not on the image.
_BLOCK = 96
# Images on which float noise is measured; on others it was seen less than twice as large.
_TYPICAL = 8
# Which probes are tried at another size of images than the usual one; how many images, and in how
# many batch sizes.
_ELSEWHERE = ("ramp", "noise")
_FEW_ELSEWHERE = 2


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
class Batch:
    """Some examples at once.

    Attributes:
        names: Of the examples, in order.
        inputs: For every input, an array with the batch dimension first; also for one that
            takes a number without a batch, of which the first is given.
        at: Says at which size images are, behind a comma, where it is not the usual one; or what
            numbers are not their defaults.
        numbers: Hyperparameters that are not their defaults.
    """

    names: tuple[str, ...]
    inputs: tuple[np.ndarray, ...]
    at: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def case(self) -> str:
        """Names its size, such as `batch 3`, for the checks of it."""
        return f"batch {len(self.names)}{self.at}"


@dataclass(frozen=True)
class Examples:
    """The probes, or examples that a user gives; then images that are read when they are wanted.

    Attributes:
        spec: What the model takes.
        plan: How much is tried.
        images: Files; only for models whose only input is images, or the bytes of their files.
        given: Examples in place of probes: for every input, by name, an array of all of them.
        refused: Names of probes that the model does not take.
        at: As `Batch.at`.
    """

    spec: InputSpec
    plan: Plan = FULL
    images: tuple[Path, ...] = ()
    given: Mapping[str, np.ndarray] = field(default_factory=dict, hash=False)
    refused: frozenset[str] = frozenset()
    at: str = ""

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
        return self.spec.key, self.images, self.spec.taken(self.given), self.refused

    def blocks(self) -> Iterator[Batch]:
        """Reads everything once, at most 96 at a time."""
        makers: list[int | str | Path] = [*self._made, *self.images]
        for start in range(0, len(makers), _BLOCK):
            yield self._batch(makers[start : start + _BLOCK])

    def batches(self) -> Iterator[Batch]:
        """Cuts everything into batches; then some of it at other sizes of images.

        Yields:
            The first 96 examples in batches of every size, what follows in those of the largest.
        """
        fixed = self.spec.fixed_batch()
        sizes = (fixed,) if fixed else self.plan.batch_sizes
        for block in self.blocks():
            for size in sizes:
                yield from split(block, size)
            sizes = (max(sizes),)
        for other in self.elsewhere():
            yield from other.batches()

    def elsewhere(self) -> Iterator["Examples"]:
        """Yields some of the same at each of the other sizes that images of any size are tried at.

        No other size of it is in what is yielded.
        """
        probes = tuple(name for name in _ELSEWHERE if name in self.plan.probes)
        sizes = self.plan.batch_sizes[:_FEW_ELSEWHERE]
        for height, width in self.spec.sizes[1:] if self.spec.any_size else ():
            yield replace(
                self,
                spec=replace(self.spec, sizes=((height, width),)),
                plan=replace(self.plan, probes=probes, batch_sizes=sizes),
                images=self.images[:_FEW_ELSEWHERE],
                given={},
                at=f", {height}x{width} pixels",
            )

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
        columns = tuple(np.stack(column) for column in zip(*examples, strict=True))
        return Batch(names, columns, self.at)

    def _read(self, maker: int | str | Path) -> list[np.ndarray]:
        if isinstance(maker, str):
            return self.spec.probe(maker)
        if isinstance(maker, int):
            return self.spec.chosen(self.given, maker)
        size = self.spec.image_size
        if size is None:
            assert self.spec.takes_files, "images were given for a model that takes images"
            return [np.array(maker.read_bytes(), object)]
        return [self.spec.input_range.of_unit(read([maker], size)[0])]


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
        yield Batch(names, tuple(column[index] for column in block.inputs), block.at)
