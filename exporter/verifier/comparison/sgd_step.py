"""Makes a step of SGD, and sees what a model is like afterwards."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

import numpy as np

from exporter.verifier.comparison.collect import group_of
from exporter.verifier.subjects.examples import Batch
from exporter.verifier.subjects.subject import MOMENTUM, PLAIN, Arrays, Gradients, Subject

# Large enough to change most weights' bits, small enough to keep every network's outputs finite.
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Stepped:
    """What a model is like after a step of training.

    Attributes:
        weights: The trainable variables.
        outputs: In inference mode, by way of calling and name; of all ways that give no end points.
        averages: The other variables after one more training call.
    """

    weights: Arrays
    outputs: dict[str, Arrays]
    averages: Arrays


def chosen(values: Arrays, names: Iterable[str]) -> Arrays:
    """Keeps some names."""
    wanted = set(names)
    return {name: value for name, value in values.items() if name in wanted}


def whole_batch(side: Subject) -> dict[str, float]:
    """Has moving averages take over a batch's statistics in full."""
    return {MOMENTUM: 0.0} if MOMENTUM in side.hyperparameters else {}


def stepped(
    side: Subject,
    of_output: Gradients,
    of_losses: Gradients,
    batch: Batch,
    drawn: Set[str] = frozenset(),
) -> Stepped:
    """Makes a step of SGD, with its moving averages, and takes it back.

    What was saved as a constant and should be a variable shows only from another
    state than the saved one.

    Args:
        side: The model.
        of_output: Gradients of the output, by variable name.
        of_losses: Gradients of the losses.
        batch: What to run afterwards.
        drawn: Names of averages of what is drawn at random, which are left as they are.

    Returns:
        Variables and outputs afterwards.
    """
    before = side.variables()
    moved = side.training([PLAIN], batch.inputs, whole_batch(side))[PLAIN].variables
    after = _without(moved, {*side.trainable, *drawn})
    for name in side.trainable:
        parts = [g for g in (of_output.get(name), of_losses.get(name)) if g is not None]
        if parts and name in before:
            step = np.asarray(LEARNING_RATE, before[name].dtype) * sum(parts[1:], parts[0])
            after[name] = before[name] - step
    side.assign(after)
    try:
        taken = side.spec_of(PLAIN).key
        ways = [w for w in side.ways if group_of(w) == "outputs" and side.spec_of(w).key == taken]
        again = side.training([PLAIN], batch.inputs, {})[PLAIN].variables
        return Stepped(
            chosen(side.variables(), side.trainable),
            side.inference(ways, batch.inputs),
            _without(again, {*side.trainable, *drawn}),
        )
    finally:
        side.assign({name: before[name] for name in after})


def _without(values: Arrays, names: Iterable[str]) -> Arrays:
    return chosen(values, values.keys() - set(names))
