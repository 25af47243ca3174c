"""How long-running stages say how far they are, and what they remark."""

from collections.abc import Callable

# Called with what is being done, how much of it is done, and out of how much, where known.
Progress = Callable[[str, int, int | None], None]
# Called with what did not go well but stops nothing, a sentence at a time.
Remark = Callable[[str], None]


def silent(_label: str, _done: int, _total: int | None) -> None:
    """Says nothing."""
