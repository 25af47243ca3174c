"""Finds out which results a training call draws at random."""

from exporter.verifier.subjects.examples import Batch
from exporter.verifier.subjects.subject import Subject, unequal

# Fewer values may be drawn alike by chance: two calls of three, at a rate of a half, in one case
# of eight. So they are drawn more often.
_FEW, _MORE_CALLS = 100, 4
# Dropout that keeps 0.999 of 256 features changes nothing in two calls of two examples in one case
# of three, and in so many calls in one of a billion.
_MOST_CALLS = 40


def changing(side: Subject, way: str, batch: Batch) -> set[str]:
    """Returns the names of the outputs that differ between training calls from one state.

    Args:
        side: What is called.
        way: Of calling.
        batch: What it is given.
    """
    once = side.training([way], batch.inputs, {})[way].outputs

    def differing() -> set[str]:
        return set(unequal(once, side.training([way], batch.inputs, {})[way].outputs))

    drawn = differing()
    if not drawn and side.draws(way):
        calls = (differing() for _ in range(_MOST_CALLS))
        drawn = next(filter(None, calls), set())
        # What is drawn so seldom may have changed one result and not the next.
        drawn |= differing() if drawn else set()
    if any(value.size < _FEW for key, value in once.items() if key not in drawn):
        for _ in range(_MORE_CALLS):
            drawn |= differing()
    return drawn
