"""Compares results that are drawn at random, by their statistics."""

import numpy as np

from exporter.errors import listing
from exporter.verifier.comparison.collect import Collector, output_name
from exporter.verifier.subjects.subject import Inputs, Subject

# So many rows are drawn by one call, and so many calls made of each side; then again, and more of
# them, where a statistic is out of its bounds. It may be by chance where there are few values, such
# as the logits of two classes, or few features that are dropped, and is not by chance every time.
ROWS, CALLS = 32, (4, 16, 48)
# Ratio of the model's scatter to the reference's. Dropout that keeps 0.5 instead of 0.8 has
# 4 times as much, 0.63 has 2.3, 0.9 has 0.44. With 128 rows on each side, and logits that
# scatter along at least twenty independent axes, the ratio's standard deviation is at most 0.04;
# along one axis alone it is 0.18, and 0.05 with the 1536 rows of the second time.
SCATTER = (0.8, 1.25)
# So many standard deviations of the ratio are spared where rows themselves tell a larger one: of
# dropout that keeps 0.999 of 256 features, the first calls drop a few dozen. Beyond a standard
# deviation of the reference's scatter of so much, no ratio says anything.
DEVIATIONS, TELLING = 4.0, 0.3
# Distance of the two means over its standard deviation, as a mean square over all values: 1, give
# or take 0.3, if both draw from one distribution; about 10 without the division by 0.8.
SHIFT = 4.0


def compare_scatter(
    model: Subject,
    reference: Subject,
    collector: Collector,
    way: str,
    drawn: set[str],
    batch: Inputs,
) -> None:
    """Compares mean and variance of what both draw in training mode.

    Args:
        model: What is judged.
        reference: What it is compared with.
        collector: Takes one check an output.
        way: Of calling.
        drawn: Names of the outputs that are drawn.
        batch: A few different examples; of equal ones alone, in which nothing varies, batch norm
            would make large numbers out of rounding.
    """
    inputs = tuple(np.resize(column, (ROWS, *column.shape[1:])) for column in batch)
    messages = dict.fromkeys(drawn, "not drawn yet")
    for calls in CALLS:
        kinds = np.arange(calls * ROWS) % ROWS % len(batch[0])
        wrong = {key for key, message in messages.items() if message}
        if wrong:
            expected = _samples(reference, way, wrong, inputs, calls)
            found = _samples(model, way, wrong, inputs, calls)
            # What few rows cannot tell is not taken for equal: more are drawn.
            last = calls == CALLS[-1]
            messages |= {key: _wrong(expected[key], found[key], kinds, spare=last) for key in wrong}
    wrong = {key for key, message in messages.items() if message}
    again = _samples(reference, way, wrong, inputs, CALLS[-1]) if wrong else {}
    for key in sorted(drawn):
        name, message = output_name(way, key), messages[key]
        if message and _wrong(expected[key], again[key], kinds, spare=True):
            why = "too few values are drawn to tell: two draws of the reference differ as well"
            collector.skip("dropout", name, why, "statistics")
        else:
            collector.note("dropout", name, message, "statistics")


def _wrong(expected: np.ndarray, found: np.ndarray, kinds: np.ndarray, *, spare: bool) -> str:
    """Says which statistic is out of its bounds, spared or not; empty if none is."""
    if expected.shape != found.shape:
        return f"expected shape {list(expected.shape[1:])}, found {list(found.shape[1:])}"
    low, high = SCATTER
    scatter, deviation, shift = _statistics(expected, found, kinds)
    wrong = []
    spared = DEVIATIONS * np.sqrt(2) * deviation if spare and deviation < TELLING else 0.0
    if not low - spared <= scatter <= high + spared:
        wrong.append(f"a scatter of {low} to {high} times the reference's, found {scatter:.3g}")
    if not shift <= SHIFT:
        wrong.append(f"means within {SHIFT:g} mean squares of noise, found {shift:.3g}")
    return f"expected {' and '.join(wrong)}" if wrong else ""


def _samples(
    side: Subject, way: str, drawn: set[str], inputs: Inputs, number: int
) -> dict[str, np.ndarray]:
    calls = [side.training([way], inputs, {})[way].outputs for _ in range(number)]
    assert drawn <= calls[0].keys(), f"{listing(drawn)} were outputs a moment ago"
    return {key: np.concatenate([call[key] for call in calls]).astype(np.float64) for key in drawn}


def _statistics(
    expected: np.ndarray, found: np.ndarray, kinds: np.ndarray
) -> tuple[float, float, float]:
    """Compares scatter and means within the rows that come from one example.

    Args:
        expected: The reference's rows.
        found: The model's.
        kinds: Number of the example of each row.

    Returns:
        The ratio of variances, the standard deviation of the reference's over itself, and the mean
        square distance of means over its noise.
    """
    names, counts = np.unique(kinds, return_counts=True)
    means, squares = [], []
    for side in (expected, found):
        own = np.stack([side[kinds == name].mean(axis=0) for name in names])
        means.append(own)
        # The means are those of the same rows, whose squares are by so much too small.
        squares.append((side - own[kinds]) ** 2 * len(side) / (len(side) - len(names)))
    variances = squares[0].mean(axis=0)
    # Values that hardly scatter are float noise.
    telling = variances > 1e-6 * variances.max()
    own, other = ((side[:, telling] / variances[telling]).mean(axis=1) for side in squares)
    deviation = own.std() / np.sqrt(len(own))
    gaps = (means[1] - means[0])[:, telling]
    shift = gaps**2 / (variances[telling] * 2 / counts.min())
    return float(other.mean()), float(deviation), float(np.mean(shift))
