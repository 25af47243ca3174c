"""How several networks size and name their layers."""

from collections import Counter


def make_divisible(value: float) -> int:
    """Rounds a number of channels to a multiple of 8, never losing more than 10 %.

    Source: TF-Slim rounds like this; arXiv:1905.02244 does not describe it.

    Args:
        value: Channels wanted, positive.

    Returns:
        The nearest multiple, halves up and at least 8, and the next one where
        that would be less than 0.9 of `value`.
    """
    nearest = max(8, int(value + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * value else nearest


class Scopes:
    """Names scopes as TF-Slim does: the second `Conv` is `Conv_1`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._used: Counter[str] = Counter()

    def unique(self, name: str) -> str:
        """Returns the full name of the next scope of a name."""
        count = self._used[name]
        self._used[name] += 1
        return f"{self._prefix}/{name}_{count}" if count else f"{self._prefix}/{name}"
