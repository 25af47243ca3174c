"""Intervals against published values, and by how often they hold the truth."""

import math

import numpy as np
import pytest

from exporter.evaluating.intervals import paired_difference, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        # Newcombe, Two-sided confidence intervals for the single proportion (1998), table I.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (29, 29, (0.8830, 1.0)),
    ],
)
def test_wilson_is_as_published(successes, trials, expected):
    assert wilson(successes, trials) == pytest.approx(expected, abs=5e-5)


def test_wilson_is_the_solution_of_its_equation():
    """At both ends the observed share is 1.96 standard deviations of the end away."""
    for successes, trials in ((3, 10), (700, 1000), (32_700, 50_000)):
        for end in wilson(successes, trials):
            deviation = math.sqrt(end * (1 - end) / trials)
            assert abs(successes / trials - end) / deviation == pytest.approx(1.959964, abs=1e-6)


def test_nothing_is_known_without_a_trial():
    assert wilson(0, 0) == (0.0, 1.0)
    assert paired_difference(0, 0, 0) == (-1.0, 1.0)


def test_paired_difference_is_symmetric_and_has_a_width_where_nothing_differs():
    low, high = paired_difference(30, 12, 200)
    assert paired_difference(12, 30, 200) == pytest.approx((-high, -low))
    assert low < (30 - 12) / 200 < high
    low, high = paired_difference(0, 0, 100)
    assert low == -high
    assert 0.01 < high < 0.03
    assert paired_difference(1, 0, 1)[1] <= 1


@pytest.mark.parametrize("cells", [(0.6, 0.05, 0.1, 0.25), (0.7, 0.002, 0.01, 0.288)])
def test_paired_difference_holds_the_truth_about_as_often_as_it_says(cells):
    draws = np.random.RandomState(0).multinomial(300, cells, size=2000)
    truth = cells[1] - cells[2]
    intervals = (paired_difference(gained, lost, 300) for _, gained, lost, _ in draws.tolist())
    held = sum(low <= truth <= high for low, high in intervals)
    assert 0.93 <= held / len(draws) <= 0.995
