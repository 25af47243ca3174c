"""A model that differs, and how near a hypothesis comes to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.verify.probes import Batch
from exporter.verify.subject import PLAIN, Subject
from slim_nets.variants import Variant

# A mistake explains a difference if without it so much of it is left at most.
EXPLAINED = 0.01


@dataclass(frozen=True)
class Suspect:
    """A model that differs, and what is needed to find out why.

    Attributes:
        model: What is judged.
        reference: What it is compared with.
        batch: What to run both on.
        raw_weights: Of the checkpoint, where it also has moving averages.
        variant: The network, where it is known.
    """

    model: Subject
    reference: Subject
    batch: Batch
    raw_weights: Mapping[str, np.ndarray]
    variant: Variant | None

    def outputs(self, side: Subject) -> np.ndarray:
        """Runs the output of one side on the batch."""
        return next(iter(side.inference([PLAIN], self.batch.inputs)[PLAIN].values()))


def explained(expected: np.ndarray, found: np.ndarray, mistaken: np.ndarray) -> str:
    """Says how much of a difference is left against a reference with a mistake in it.

    Args:
        expected: The reference's outputs.
        found: The model's.
        mistaken: The reference's with the mistake.

    Returns:
        Both differences; empty if too much is left, or if there is none.
    """
    if not expected.shape == found.shape == mistaken.shape or not np.isfinite(found).all():
        return ""
    gap, left = (float(np.max(np.abs(found - other))) for other in (expected, mistaken))
    if not gap or not left <= EXPLAINED * gap:
        return ""
    return f"a difference of {gap:.3g} becomes {left:.3g}"
