"""Examples of a kind share the largest noise that any of them has, over its largest value."""

import numpy as np
import pytest

from exporter.converters.checks.own_noise import _shared
from exporter.verifier.comparison.allowance import OTHERS

ROWS = ("cat.jpg", "dog.jpg", "zeros", "ones", "bytes")
NOISE = {"cat.jpg": 1e-6, "dog.jpg": 4e-6, "zeros": 2e-6, "ones": 0.0, "bytes": 1.0, OTHERS: 4e-6}


def many(values):
    """Has rows of a thousand values, most of which are 0."""
    return np.pad(np.array(values, np.float32), [(0, 0), (0, 998)])


def test_noise_is_shared_by_kind():
    values = many([[1.0, -2], [1, 1], [0.5, 0], [1, 0], [100, 0]])
    found = _shared(NOISE, values, ROWS)
    assert found == pytest.approx(
        {
            "cat.jpg": 8e-6,
            "dog.jpg": 4e-6,
            "zeros": 2e-6,
            "ones": 4e-6,
            "bytes": 1.0,
            OTHERS: 8e-6,
        }
    )


def test_what_is_not_finite_has_no_noise_and_takes_none_from_others():
    values = many([[np.nan, 2], [np.inf, 1], [np.nan, np.nan], [1, 0], [100, 0]])
    found = _shared(NOISE | {"zeros": 0.0}, values, ROWS)
    assert np.isfinite(list(found.values())).all()
    assert (found["cat.jpg"], found["zeros"]) == (pytest.approx(8e-6), 0.0)


def test_few_values_have_more_noise_than_they_show():
    """Their largest difference is one of few, and small by chance."""
    values = np.array([[1.0, -2], [1, 1], [0.5, 0], [1, 0], [100, 0]], np.float32)
    few, found = _shared(NOISE, values, ROWS), _shared(NOISE, many(values), ROWS)
    ratios = {few[row] / found[row] for row in ROWS}
    assert (
        max(ratios)
        == pytest.approx(min(ratios))
        == pytest.approx(np.sqrt(np.log(1000) / np.log(3)), 1e-2)
    )


def test_without_rows_it_stays_as_it_was():
    assert _shared({OTHERS: 3.0}, np.ones(()), ROWS) == {OTHERS: 3.0}
