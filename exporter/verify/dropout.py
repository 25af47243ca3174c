"""Compares results that are drawn at random, by their statistics."""

import numpy as np

from exporter.errors import listing
from exporter.verify.collect import Collector, output_name
from exporter.verify.subject import Inputs, Subject

# So many rows of one image are drawn by one call, and so many calls made of each side.
ROWS, CALLS = 32, 4
# Ratio of the model's scatter to the reference's. Dropout that keeps 0.5 instead of 0.8 has
# 4 times as much, 0.63 has 2.3, 0.9 has 0.44. With 128 rows on each side, and logits that
# scatter along at least twenty independent axes, the ratio's standard deviation is at most 0.04.
SCATTER = (0.8, 1.25)
# Distance of the two means over its standard deviation, as a mean square over all values: 1, give
# or take 0.3, if both draw from one distribution; about 10 without the division by 0.8.
SHIFT = 4.0


def compare_scatter(
    model: Subject,
    reference: Subject,
    collector: Collector,
    way: str,
    drawn: set[str],
    inputs: Inputs,
) -> None:
    """Compares mean and variance of what both draw in training mode.

    Args:
        model: What is judged.
        reference: What it is compared with.
        collector: Takes one check an output.
        way: Of calling.
        drawn: Names of the outputs that are drawn.
        inputs: One example, repeated.
    """
    expected = _samples(reference, way, drawn, inputs)
    found = _samples(model, way, drawn, inputs)
    for key in sorted(drawn):
        if expected[key].shape != found[key].shape:
            wanted, got = expected[key].shape[1:], found[key].shape[1:]
            message = f"expected shape {list(wanted)}, found {list(got)}"
            collector.fail("dropout", output_name(way, key), message, "statistics")
            continue
        low, high = SCATTER
        scatter, shift = _statistics(expected[key], found[key])
        wrong = []
        if not low <= scatter <= high:
            wrong.append(f"a scatter of {low} to {high} times the reference's, found {scatter:.3g}")
        if not shift <= SHIFT:
            wrong.append(f"means within {SHIFT:g} mean squares of noise, found {shift:.3g}")
        message = f"expected {' and '.join(wrong)}" if wrong else ""
        collector.note("dropout", output_name(way, key), message, "statistics")


def _samples(side: Subject, way: str, drawn: set[str], inputs: Inputs) -> dict[str, np.ndarray]:
    calls = [side.training([way], inputs, {})[way].outputs for _ in range(CALLS)]
    assert drawn <= calls[0].keys(), f"{listing(drawn)} were outputs a moment ago"
    return {key: np.concatenate([call[key] for call in calls]).astype(np.float64) for key in drawn}


def _statistics(expected: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Returns the ratio of variances, and the mean square distance of means over its noise."""
    rows = len(expected)
    variance = expected.var(axis=0, ddof=1)
    # Values that hardly scatter are float noise.
    telling = variance > 1e-6 * variance.max()
    ratio = found.var(axis=0, ddof=1)[telling] / variance[telling]
    gaps = found.mean(axis=0) - expected.mean(axis=0)
    shift = gaps[telling] ** 2 / (variance[telling] * 2 / rows)
    return float(np.mean(ratio)), float(np.mean(shift))
