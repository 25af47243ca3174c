"""How far the workers of this machine are, by files whose sizes are what they have done."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_done = 0


@dataclass(frozen=True)
class Step:
    """How far an evaluation is.

    Attributes:
        label: What is done.
        done: How much of it.
        total: Out of how much; None where that is not known.
    """

    label: str
    done: int = 0
    total: int | None = None


def tell(place: str, size: int) -> None:
    """Says that this process has done more.

    Args:
        place: A folder that all workers see; empty where there is none.
        size: How much more.
    """
    global _done  # noqa: PLW0603  (a process has one count)
    if not place:
        return
    _done += size
    with suppress(OSError):
        own = Path(place, str(os.getpid()))
        own.touch()
        os.truncate(own, _done)


def done(place: Path) -> int:
    """Returns how much all workers have done."""
    return sum(path.stat().st_size for path in place.iterdir() if path.name.isdigit())


def lost(place: Path) -> int | None:
    """Returns the number of a worker's process that has ended; None while all live."""
    for path in place.iterdir():
        if path.name.isdigit() and not _lives(int(path.name)):
            return int(path.name)
    return None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
