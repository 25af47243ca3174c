"""Quartiles and percentiles, and ratios that the machine's drift cancels out of."""

from collections.abc import Sequence

import numpy as np
import pydantic

# Latencies of one subject in seconds, one sequence a round.
Rounds = Sequence[Sequence[float]]


class Spread(pydantic.BaseModel, frozen=True):
    """What lies in the middle.

    Attributes:
        low: First quartile.
        median: Second.
        high: Third.
    """

    low: float
    median: float
    high: float


def percentile(values: Sequence[float], share: float) -> float:
    """Finds the value below which a share of all lies, in percent; between two, in proportion."""
    return float(np.percentile(values, share))


def spread(values: Sequence[float]) -> Spread:
    """Finds the quartiles."""
    low, median, high = (percentile(values, share) for share in (25, 50, 75))
    return Spread(low=low, median=median, high=high)


def speeds(base: Rounds, subject: Rounds, share: float = 50) -> list[float]:
    """Says how many times as fast as the base a subject was in every round.

    Args:
        base: Latencies of the base.
        subject: The same of a subject that ran in the same rounds.
        share: Which percentile of a round's latencies is compared; the median as it is.

    Returns:
        One ratio a round: what slowed both down for a while is not in it.
    """
    pairs = zip(base, subject, strict=True)
    return [percentile(one, share) / percentile(other, share) for one, other in pairs]
