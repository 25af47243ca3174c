"""A model that differs, and how near a hypothesis comes to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.verifier.comparison.comparing import Pair
from exporter.verifier.subjects.examples import Batch
from exporter.verifier.subjects.subject import PLAIN, Subject

# A mistake explains a difference if it leaves at most so much of it: its cosine is then above
# 0.95, where those of unrelated changes lie around zero. Small changes leave their rounding.
EXPLAINED = 0.3


@dataclass(frozen=True)
class DifferingModel(Pair):
    """A model that differs from its reference, and what is needed to find out why.

    Attributes:
        raw_weights: Of the checkpoint, where it also has moving averages.
    """

    raw_weights: Mapping[str, np.ndarray]

    @property
    def batch(self) -> Batch:
        """What to run both on; of nothing, where nothing can be made up."""
        return self.few or Batch((), ())

    def outputs(self, side: Subject) -> np.ndarray:
        """Runs the output of one side on the batch."""
        return next(iter(side.inference([PLAIN], self.batch.inputs)[PLAIN].values()))


@dataclass(frozen=True, order=True)
class Explanation:
    """How well a mistake explains a difference.

    Attributes:
        left: How much of the difference it leaves, as a part of it.
        told: The same for people.
    """

    left: float
    told: str


def explained(
    expected: np.ndarray, found: np.ndarray, mistaken: np.ndarray, base: np.ndarray | None = None
) -> Explanation | None:
    """Says how much of a difference a mistake leaves unexplained.

    Args:
        expected: The reference's outputs.
        found: The model's.
        mistaken: The reference's with the mistake in it.
        base: Without it, computed in the same way; the reference's outputs if None.

    Returns:
        The difference and what is left of it, as root mean squares; None if
        too much is left, or if there is no difference.
    """
    if not expected.shape == found.shape == mistaken.shape or not np.isfinite(found).all():
        return None
    gap = found.astype(np.float64) - expected
    moved = mistaken.astype(np.float64) - (expected if base is None else base)
    size, left = (float(np.sqrt(np.mean(np.square(values)))) for values in (gap, gap - moved))
    if not size or not left <= EXPLAINED * size:
        return None
    return Explanation(left / size, f"a difference of {size:.3g} becomes {left:.3g}")
