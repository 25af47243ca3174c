"""Compares results that are drawn at random, by their statistics."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from exporter.errors import listing
from exporter.verifier.comparison.collect import Collector, output_name
from exporter.verifier.subjects.subject import Inputs, Subject, is_float

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


@dataclass(frozen=True)
class _Form:
    """How examples stand in what calls are given.

    Attributes:
        rows: Of each call.
        examples: How many others there are before they begin anew.
    """

    rows: int
    examples: int

    def rows_of(self, calls: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Puts what calls gave one below the other.

        Returns:
            float64 `[n, values]`, with a row an example, or a call where it has no such rows; and
            the number of the example of each row.
        """
        if calls[0].shape[:1] == (self.rows,):
            values = np.concatenate(calls)
            kinds = np.arange(len(values)) % self.rows % self.examples
        else:
            values, kinds = np.stack(calls), np.zeros(len(calls), int)
        return values.reshape(len(values), -1).astype(np.float64), kinds


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
    form = _Form(reference.spec_of(way).fixed_batch() or ROWS, len(batch[0]) if batch else 1)
    inputs = tuple(np.resize(column, (form.rows, *column.shape[1:])) for column in batch)
    messages = dict.fromkeys(drawn, "not drawn yet")
    for calls in CALLS:
        number = -(-calls * ROWS // form.rows)
        wrong = {key for key, message in messages.items() if message}
        if wrong:
            expected = _samples(reference, way, wrong, inputs, number)
            draw = partial(_samples, model, way, wrong, inputs, number)
            found = collector.attempt("dropout", way, draw, "statistics")
            if found is None:
                return
            # What few rows cannot tell is not taken for equal: more are drawn.
            last = calls == CALLS[-1]
            messages |= {k: _wrong(expected[k], found[k], form, spare=last) for k in wrong}
    wrong = {key for key, message in messages.items() if message}
    again = _samples(reference, way, wrong, inputs, number) if wrong else {}
    for key in sorted(drawn):
        name, message = output_name(way, key), messages[key]
        why = _untold(expected[key]) if message else ""
        if message and not why and _wrong(expected[key], again[key], form, spare=True):
            why = "too few values are drawn to tell: two draws of the reference differ as well"
        if why:
            collector.skip("dropout", name, why, "statistics")
        else:
            collector.note("dropout", name, message, "statistics")


def _untold(calls: Sequence[np.ndarray]) -> str:
    """Says why what was drawn has no statistics; empty if it has some."""
    if len({value.shape for value in calls}) > 1:
        return "its shape is drawn at random too"
    real = calls[0].dtype.kind in "iub" or is_float(calls[0])
    if not real or not all(np.isfinite(value).all() for value in calls):
        return "what is no finite real number has no scatter"
    return ""


def _wrong(
    expected: Sequence[np.ndarray], found: Sequence[np.ndarray], form: _Form, *, spare: bool
) -> str:
    """Says which statistic is out of its bounds, spared or not; empty if none is."""
    if why := _untold(expected):
        return why
    if {value.shape for value in found} != {expected[0].shape}:
        return f"expected shape {list(expected[0].shape)}, found {list(found[0].shape)}"
    low, high = SCATTER
    wanted, kinds = form.rows_of(expected)
    scatter, deviation, shift = _statistics(wanted, form.rows_of(found)[0], kinds)
    wrong = []
    spared = DEVIATIONS * np.sqrt(2) * deviation if spare and deviation < TELLING else 0.0
    if not low - spared <= scatter <= high + spared:
        wrong.append(f"a scatter of {low} to {high} times the reference's, found {scatter:.3g}")
    if not shift <= SHIFT:
        wrong.append(f"means within {SHIFT:g} mean squares of noise, found {shift:.3g}")
    return f"expected {' and '.join(wrong)}" if wrong else ""


def _samples(
    side: Subject, way: str, drawn: set[str], inputs: Inputs, number: int
) -> dict[str, list[np.ndarray]]:
    calls = [side.training([way], inputs, {})[way].outputs for _ in range(number)]
    assert drawn <= calls[0].keys(), f"{listing(drawn)} were outputs a moment ago"
    return {key: [call[key] for call in calls] for key in drawn}


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
