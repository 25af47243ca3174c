"""Intervals in which the true share lies with 95 % confidence."""

import math

# The normal distribution has 95 % of its mass within this many standard deviations.
_Z = 1.959963984540054


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Computes Wilson's score interval of a share.

    It has its coverage for few trials and for shares near 0 and 1 too, where the usual
    one of the normal distribution has none.

    Args:
        successes: How many there were.
        trials: Out of how many.

    Returns:
        Both ends, in [0, 1]; everything without a trial.

    Source: E. B. Wilson, Probable inference, JASA 22 (1927).
    """
    if trials == 0:
        return 0.0, 1.0
    share, squared = successes / trials, _Z**2
    scale = 1 + squared / trials
    middle = (share + squared / (2 * trials)) / scale
    half = _Z / scale * math.sqrt(share * (1 - share) / trials + squared / (4 * trials**2))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def paired_difference(gained: int, lost: int, trials: int) -> tuple[float, float]:
    """Computes the interval of the difference of two shares of the same trials.

    The trials are the same, so only those count in which one side succeeded and the other
    did not. Half a trial is added to each of the four cells, which gives the interval its
    coverage for few trials, and a width where nothing differs.

    Args:
        gained: In how many the second side alone succeeded.
        lost: In how many the first side alone did.
        trials: Out of how many.

    Returns:
        Both ends of second minus first, in [-1, 1]; everything without a trial.

    Source: A. Agresti and Y. Min, Simple improved confidence intervals for comparing matched
    proportions, Statistics in Medicine 24 (2005).
    """
    if trials == 0:
        return -1.0, 1.0
    total, difference, differing = trials + 2, gained - lost, gained + lost + 1
    middle = difference / total
    half = _Z * math.sqrt(differing - difference**2 / total) / total
    return max(-1.0, middle - half), min(1.0, middle + half)
