"""Finds out which results a call draws at random."""

import itertools
from collections.abc import Callable

from exporter.verifier.subjects.examples import Batch
from exporter.verifier.subjects.subject import Arrays, Inputs, Subject, unequal

DRAWN_ALIKE = "expected results that change from call to call, found equal ones"
# So often is called what may be drawn at random; few values may be drawn alike by chance.
_CALLS = 4
# Fewer values may be drawn alike by chance: two calls of three, at a rate of a half, in one case
# of eight. So they are drawn more often.
_FEW, _MORE_CALLS = 100, 4
# Dropout that keeps 0.999 of 256 features changes nothing in two calls of two examples in one case
# of three, and in so many calls in one of a billion.
_MOST_CALLS = 40
# Of so many calls that drew something else two are enough: averages are of many values.
_AVERAGED_CALLS = 2


def changing_results(call: Callable[[], Arrays]) -> set[str]:
    """Returns the names of the results that differ between calls from one state."""
    once, *others = (call() for _ in range(_CALLS))
    return {key for other in others for key in unequal(once, other)}


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


def changing_averages(side: Subject, way: str, inputs: Inputs) -> set[str]:
    """Returns the names of the averages that differ between training calls from one state.

    Args:
        side: What is called.
        way: Of calling.
        inputs: One batch.
    """
    if not side.draws(way):
        return set()
    once = side.training([way], inputs, {})[way]
    others = (side.training([way], inputs, {})[way] for _ in range(_MOST_CALLS))
    drawn_otherwise = (other for other in others if unequal(once.outputs, other.outputs))
    telling = itertools.islice(drawn_otherwise, _AVERAGED_CALLS)
    return {name for other in telling for name in unequal(once.variables, other.variables)}
