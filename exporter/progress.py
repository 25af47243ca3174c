"""How long-running stages say how far they are."""

from collections.abc import Callable

# Called with what is being done, how much of it is done, and out of how much, where known.
Progress = Callable[[str, int, int | None], None]


def silent(_label: str, _done: int, _total: int | None) -> None:
    """Says nothing."""
