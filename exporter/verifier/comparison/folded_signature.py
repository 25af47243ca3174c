"""Compares the signature `serving_folded` with a reference that has none: its output."""

from typing import Any

import numpy as np
import tensorflow as tf

from exporter.signatures import FOLDED, way_of
from exporter.verifier.comparison.allowance import IMAGE, Allowance, Noise, kind_of
from exporter.verifier.comparison.collect import Collector
from exporter.verifier.subjects.examples import Batch
from exporter.verifier.subjects.op_by_op import UnsupportedError
from exporter.verifier.subjects.recomputing import How, call_graph, recompute
from exporter.verifier.subjects.subject import PLAIN, Arrays, Subject

FOLDED_WAY = way_of(FOLDED)

# Of an example's largest value. Folding rounds every kernel once more, by 6e-8 of each weight,
# and sums in another order: 3.8e-6 was the most with trained weights on photographs, 3.5e-6 with
# seeded ones on noise, on Eigen and oneDNN.
FOLDED_ROUNDING = 1e-5

# On flat images, and with random weights, a network amplifies roundings further, and the
# reference's own, its distance from float64, as well: 3.5 times that was the most that was seen.
FOLDED_MULTIPLE = 8.0

# Changes every weight so far that a constant in a variable's place shows, in the direction in
# which a network does not amplify roundings.
_MOVED = np.float32(0.95)


def has_folded_alone(model: Subject, reference: Subject) -> bool:
    """Returns whether the model has `serving_folded` and the reference has only what it folds."""
    if FOLDED_WAY not in model.ways or FOLDED_WAY in reference.ways:
        return False
    return PLAIN in model.ways and PLAIN in reference.ways


def rounding_allowance(reference: Subject, batch: Batch, allowance: Allowance) -> Allowance:
    """Makes the allowance of what is computed with batch norms folded.

    Args:
        reference: Where roundings are measured, with the weights that it has now.
        batch: On which.
        allowance: What may differ without folding.

    Returns:
        That, and of an example's largest value `FOLDED_ROUNDING`, or if that is
        more, `FOLDED_MULTIPLE` times the reference's own rounding on examples of its kind.
    """
    shares = dict.fromkeys((IMAGE, *map(kind_of, batch.names)), FOLDED_ROUNDING)
    for example, rounding in _own_roundings(reference, batch).items():
        kind = kind_of(example)
        shares[kind] = max(shares[kind], FOLDED_MULTIPLE * rounding)
    noise = allowance.noise_of("outputs", PLAIN)
    by_name: Noise = {} if noise is None else {("outputs", FOLDED_WAY): noise}
    return Allowance("rounding", allowance.atol, allowance.rtol, by_name, shares)


def _own_roundings(reference: Subject, batch: Batch) -> dict[str, float]:
    """Returns the reference's distance from float64, over each example's largest value."""
    try:
        graph = call_graph(reference, PLAIN)
        exact = recompute(graph, reference, batch.inputs, How(tf.float64)).arrays()
    except UnsupportedError:
        return {}
    wanted = _rows(exact)
    gaps = np.abs(wanted - _rows(reference.inference([PLAIN], batch.inputs)[PLAIN])).max(axis=1)
    largest = np.abs(wanted).max(axis=1)
    relative = gaps / np.where(largest > 0, largest, 1.0)
    return dict(zip(batch.names, relative.tolist(), strict=True))


def add_folded(
    collector: Collector, expected: Arrays, found: Arrays, batch: Batch, case: str
) -> None:
    """Adds the comparison of one batch.

    Args:
        collector: Takes the check.
        expected: What the reference's `__call__` gave.
        found: What `serving_folded` gave.
        batch: What both were given.
        case: Under which circumstances.
    """
    if len(expected) != 1 or len(found) != 1:
        message = f"expected one output, found {len(found)} beside {len(expected)} of __call__"
        collector.fail("outputs", FOLDED_WAY, message, case)
        return
    pair = ({FOLDED_WAY: _only(expected)}, {FOLDED_WAY: _only(found)})
    collector.each("outputs", *pair, case, examples=batch.names)


def compare_moved(
    model: Subject, reference: Subject, batch: Batch, allowance: Allowance
) -> Collector:
    """Compares with other weights, as fine-tuning leaves them; puts them back.

    Args:
        model: What is judged.
        reference: What it is compared with.
        batch: What both are given.
        allowance: What may differ without folding.

    Returns:
        The check: what was folded for good fails it.
    """
    kept = [(side, side.variables()) for side in (model, reference)]
    names = [n for n in kept[0][1].keys() & kept[1][1].keys() if kept[1][1][n].dtype.kind == "f"]
    try:
        for side, values in kept:
            side.assign({name: values[name] * _MOVED for name in names})
        collector = Collector(rounding_allowance(reference, batch, allowance))
        expected = reference.inference([PLAIN], batch.inputs)[PLAIN]
        found: Any = collector.attempt(
            "outputs",
            FOLDED_WAY,
            lambda: model.inference([FOLDED_WAY], batch.inputs)[FOLDED_WAY],
            "moved weights",
        )
    finally:
        for side, values in kept:
            side.assign({name: values[name] for name in names})
    if found is not None:
        add_folded(collector, expected, found, batch, "moved weights")
    return collector


def _rows(outputs: Arrays) -> np.ndarray:
    value = _only(outputs).astype(np.float64)
    return value.reshape(len(value), -1)


def _only(outputs: Arrays) -> np.ndarray:
    return next(iter(outputs.values()))
