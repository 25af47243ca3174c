"""Chooses the ops of a network that can bear int8 activations."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exporter.convert.calibration import calibration_images
from exporter.convert.check import cosines
from exporter.convert.quantizing import Op, ops_of, quantized, ranges_of
from exporter.convert.tflite import float_model, runner

if TYPE_CHECKING:
    from exporter.convert.source import Source

# The floor of the format is 0.98; other images come out up to 0.01 lower.
_TARGET = 0.992
# A choice on more images was hardly another, but took longer.
_IMAGES = 8
# Ops are told apart by what they do on so many.
_SOLO_IMAGES = 3


def selection(source: "Source", calibration: tuple[Path, ...]) -> frozenset[int]:
    """Chooses the ops that become int8, as many as leave the outputs right.

    Every op is quantized alone, which tells how much it harms. Then those that
    harm least are taken together, as many as keep every image's cosine with the
    float32 outputs above a target.

    Args:
        source: The SavedModel's function.
        calibration: The user's images.

    Returns:
        Places in `ops_of(float_model(source))`.
    """
    images = calibration_images(source, calibration)
    (name,) = source.inputs
    return _Search(float_model(source), name, _spread(images)).chosen()


def _spread(images: np.ndarray) -> np.ndarray:
    places = np.linspace(0, len(images) - 1, min(len(images), _IMAGES)).round().astype(int)
    chosen: np.ndarray = images[places]
    return chosen


class _Search:
    def __init__(self, model: bytes, name: str, images: np.ndarray) -> None:
        self._model = model
        self._name = name
        self._ops: tuple[Op, ...] = ops_of(model)
        self._images = images
        self._expected = list(self._outputs(model, images))
        self._ranges = ranges_of(model, images, name)

    def chosen(self) -> frozenset[int]:
        """Returns the places of all ops but the fewest of those that harm most."""
        candidates = [place for place, op in enumerate(self._ops) if op.kind is not None]
        harmless = sorted(candidates, key=self._alone, reverse=True)
        count = _most(len(harmless), lambda n: self._together(harmless[:n]) >= _TARGET)
        return frozenset(harmless[:count])

    def _alone(self, place: int) -> float:
        return self._least([place], self._images[:_SOLO_IMAGES], dynamic=False)

    def _together(self, static: list[int]) -> float:
        return self._least(static, self._images, dynamic=True)

    def _least(self, static: list[int], images: np.ndarray, *, dynamic: bool) -> float:
        """Returns the least cosine of any output of any image; -1 where it cannot run."""
        try:
            model = quantized(self._model, self._ops, static, self._ranges, dynamic=dynamic)
            found = list(self._outputs(model, images))
        except (RuntimeError, ValueError):  # what LiteRT and the quantizer raise
            return -1.0
        angles = [
            next(cosines(expected, other[name]))
            for one, other in zip(self._expected, found, strict=False)
            for name, expected in one.items()
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
