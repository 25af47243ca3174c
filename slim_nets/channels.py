"""How many channels a layer gets."""


def make_divisible(value: float, divisor: int = 8, *, at_least: int = 8) -> int:
    """Rounds a number of channels to a multiple, never losing more than 10 %.

    Source: TF-Slim rounds like this; arXiv:1905.02244 does not describe it.

    Args:
        value: Channels wanted, positive.
        divisor: What the result is a multiple of.
        at_least: Smallest result, a multiple of `divisor`.

    Returns:
        The nearest multiple, halves up, and the next one where that would be
        less than 0.9 of `value`.
    """
    nearest = max(at_least, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest
