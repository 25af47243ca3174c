"""The values that are made up for models' inputs. Nothing here may import TensorFlow."""

from collections.abc import Callable, Sequence

import numpy as np

# Begins the name of an example that a user gave.
GIVEN = "example "


def _noise(shape: Sequence[int], place: int) -> np.ndarray:
    return np.asarray(np.random.RandomState(place).random_sample(shape))


def _ramp(shape: Sequence[int], place: int) -> np.ndarray:
    """A ramp of colours, or a ramp over all values where there are no rows and columns."""
    if len(shape) != 3:
        ramp = np.linspace(0.0, 1.0, int(np.prod(shape)))
        return np.roll(ramp, place).reshape(shape)
    rows, columns = np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1])
    planes = (rows[:, None] + 0 * columns, columns + 0 * rows[:, None], 0 * rows[:, None] + 0.5)
    drawn = [np.broadcast_to(planes[(i + place) % 3], shape[:2]) for i in range(shape[-1])]
    return np.stack(drawn, -1)


def _extremes(shape: Sequence[int], place: int) -> np.ndarray:
    """Numbers of both signs, also where there are few; of a single one, below zero."""
    noise, count = _noise(shape, place), int(np.prod(shape))
    if count >= _MANY:
        return np.asarray(20 * noise - 10)
    return np.asarray(np.linspace(-10, 10, count).reshape(shape) * (1 + noise) / 2)


# Of so many numbers that are drawn some are near both ends.
_MANY = 32


# By name, of a shape, for an input's place among all of a model by name: two inputs are to have
# other values, or a model that takes one for the other is not seen. Where all are at an end, all
# are. Extremes lie outside [0, 1], where images never are: they reach the ends of activations.
PROBES: dict[str, Callable[[Sequence[int], int], np.ndarray]] = {
    "zeros": lambda shape, _: np.zeros(shape),
    "ones": lambda shape, _: np.ones(shape),
    "half": lambda shape, _: np.full(shape, 0.5),
    "ramp": _ramp,
    "noise": _noise,
    "extremes": _extremes,
    "bytes": lambda shape, place: np.floor(256 * _noise(shape, place)),
}
# Of images, the probe that stays as it is whatever range they have: all others are moved to that.
UNSCALED = "bytes"
# Those of which whole numbers are others than 0 and 1 too, where a model takes such: these are no
# ids of small vocabularies.
FAR = ("extremes", "bytes")
# Odd, so that its multiples differ in seven bits, one a probe, for the first 128 inputs.
_STRIDE = 37


def shift(name: str, place: int) -> int:
    """Returns by how much an input's whole numbers and words differ from those of the first.

    There are few whole numbers that fit any vocabulary, so most inputs share most of them; but
    no two inputs have the same on every probe.

    Args:
        name: Of a probe.
        place: Of the input among all of a model, by name.
    """
    bit = list(PROBES).index(name)
    return (_STRIDE * place >> bit) & 1


def told(example: str) -> str:
    """Says what an example is: a probe, one that the user gave, or an image."""
    if example.startswith(GIVEN):
        return example
    return f"probe '{example}'" if example in PROBES else f"image '{example}'"
