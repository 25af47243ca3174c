"""Chooses the ops of a network that can bear int8 activations."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from exporter.converters.cosines import cosines
from exporter.converters.tflite.litert import float_model, runner
from exporter.converters.tflite.quantizing import (
    Int8Ops,
    TfliteOp,
    heavy,
    ops_of,
    quantized,
    ranges_of,
)

if TYPE_CHECKING:
    from exporter.converters.source_model import SourceModel

# The floor of the format is 0.98; other images come out up to 0.01 lower.
_TARGET = 0.992
# A choice on more images was hardly another, but took longer.
_IMAGES = 8
# Ops are told apart by what they do on so many.
_SOLO_IMAGES = 3


def selection(source: "SourceModel", images: np.ndarray) -> Int8Ops:
    """Chooses the ops that become int8, as many as leave the outputs right.

    Every op is quantized alone, which tells how much it harms. Then those that
    harm least are taken together, as many as keep every image's cosine with the
    float32 outputs above a target: with int8 activations, or if none may have
    those, with int8 weights.

    Args:
        source: The SavedModel's function.
        images: `[number, height, width, 3]`, to calibrate on.

    Returns:
        Of `ops_of(float_model(source))`.
    """
    (name,) = source.inputs
    spread = np.linspace(0, len(images) - 1, min(len(images), _IMAGES)).round().astype(int)
    return _Search(float_model(source), name, images[spread]).chosen()


# Makes a choice of the places of some ops.
_Chosen = Callable[[frozenset[int]], Int8Ops]


class _Search:
    def __init__(self, model: bytes, name: str, images: np.ndarray) -> None:
        self._model = model
        self._name = name
        self._ops: tuple[TfliteOp, ...] = ops_of(model)
        self._images = images
        self._expected = list(self._outputs(model, images))
        self._ranges = ranges_of(model, images, name)

    def chosen(self) -> Int8Ops:
        """Returns all ops but the fewest of those that harm most."""
        weights = heavy(self._ops)
        static = self._as_many(
            [place for place, op in enumerate(self._ops) if op.kind is not None],
            lambda places: Int8Ops(static=places),
            lambda places: Int8Ops(places, weights),
        )
        if static or self._least(Int8Ops(dynamic=weights), self._images) >= _TARGET:
            return Int8Ops(static, weights)
        dynamic = partial(Int8Ops, frozenset())
        return dynamic(self._as_many(sorted(weights), dynamic, dynamic))

    def _as_many(
        self, candidates: Iterable[int], alone: _Chosen, together: _Chosen
    ) -> frozenset[int]:
        """Returns as many as may be taken together, those first that do least harm alone."""
        few = self._images[:_SOLO_IMAGES]
        harm = {place: -self._least(alone(frozenset([place])), few) for place in candidates}
        harmless = sorted(harm, key=lambda place: harm[place])

        def holds(count: int) -> bool:
            return self._least(together(frozenset(harmless[:count])), self._images) >= _TARGET

        return frozenset(harmless[: _most(len(harmless), holds)])

    def _least(self, choice: Int8Ops, images: np.ndarray) -> float:
        """Returns the least cosine of any output of any image; -1 where it cannot run."""
        try:
            model = quantized(self._model, self._ops, choice, self._ranges)
            found = list(self._outputs(model, images))
        except (RuntimeError, ValueError):  # what LiteRT and the quantizer raise
            return -1.0
        angles = [
            next(cosines(expected, other[name])) if name in other else -1.0
            for one, other in zip(self._expected, found, strict=False)
            for name, expected in one.items()
            if expected.dtype.kind == "f"
        ]
        return min((-1.0 if np.isnan(angle) else angle for angle in angles), default=-1.0)

    def _outputs(self, model: bytes, images: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        run = runner(model)
        return (run({self._name: image[None]}) for image in images)


def _most(count: int, holds: Callable[[int], bool]) -> int:
    """Returns how many hold, by halving: that fewer hold where more do is near enough true."""
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
