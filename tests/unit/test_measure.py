"""How differences are measured and judged."""

import ml_dtypes
import numpy as np
import pytest

from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.measure import Measure, ulp_distance

KEY = ("outputs", "y")


def measured(expected, found, allowance=None, examples=()):
    measure = Measure(*KEY, allowance or Allowance())
    measure.add(np.asarray(expected, np.float32), np.asarray(found, np.float32), "", examples)
    return measure.check()


@pytest.mark.parametrize(
    ("expected", "found", "distance"),
    [
        (1.0, 1.0, 0),
        (1.0, np.nextafter(np.float32(1), np.float32(2)), 1),
        (1.0, 2.0, 1 << 23),
        (0.0, -0.0, 1),
        (-1.0, 1.0, 2 * 0x3F800000 + 1),
        (np.float32(3.4028235e38), np.inf, 1),
        (np.nan, np.nan, 0),
    ],
)
def test_ulp_distance(expected, found, distance):
    pair = np.array([expected], np.float32), np.array([found], np.float32)
    assert ulp_distance(*pair) == ulp_distance(*pair[::-1]) == [distance]


def test_equal():
    check = measured([1, 2], [1, 2])
    assert (check.status, check.differing, check.max_abs, check.max_ulp) == ("passed", 0, 0, 0)
    assert check.ulp_histogram == ()


def test_exact_fails_at_one_bit():
    check = measured([1, 2, 4], [1, 2, np.nextafter(np.float32(4), np.float32(5))])
    assert (check.status, check.differing, check.max_ulp) == ("failed", 1, 1)
    assert check.max_rel == check.max_abs / 4
    assert check.message == "at [2] expected 4.0, found 4.0000005 (1 of 3 values differ)"
    assert check.ulp_histogram == (2, 1)


def test_first_difference_is_named():
    expected, found = np.ones([2, 3], np.float32), np.ones([2, 3], np.float32)
    found[1, 2] = np.nextafter(np.float32(1), np.float32(2))
    check = measured(expected, found)
    assert (check.differing, check.max_abs) == (1, pytest.approx(2**-23))
    assert check.message == "at [1, 2] expected 1.0, found 1.0000001 (1 of 6 values differ)"


def test_scalars():
    assert measured(1, 1).differing == 0
    check = measured(1, 2)
    assert (check.differing, check.max_abs) == (1, 1)
    assert check.message == "expected 1.0, found 2.0 (1 of 1 values differ)"


def test_not_a_number_equals_itself_and_zero_is_not_negative_zero():
    assert measured([np.nan] * 2, [np.nan] * 2).differing == 0
    assert measured([0.0], [-0.0]).differing == 1
    check = measured([1.0, np.nan], [1.0, np.copysign(np.float32(np.nan), -1)])
    assert (check.status, check.differing) == ("passed", 0)


@pytest.mark.parametrize(
    ("found", "form"),
    [(np.ones([3, 2], np.float32), "float32 [3, 2]"), (np.ones([2, 3]), "float64 [2, 3]")],
)
def test_other_shapes_and_types_differ(found, form):
    measure = Measure(*KEY, Allowance())
    measure.add(np.ones([2, 3], np.float32), found)
    # Nothing is counted: 100 of 32 values would not differ.
    assert measure.check().message == f"expected float32 [2, 3], found {form}"
    assert (measure.check().differing, measure.check().values) == (6, 6)


def test_not_a_number_has_no_difference():
    check = measured([1.0, 2.0], [1.0, np.nan], Allowance("given", atol=1e9))
    assert (check.status, check.max_abs) == ("failed", None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_on_both_sides_is_the_same(value):
    check = measured([1.0, value], [1.05, value], Allowance("given", rtol=0.1))
    assert check.status == "warning"
    assert measured([1.0, value], [1.0, 0.0], Allowance("given", rtol=0.1)).status == "failed"


def test_other_shapes_fail_whatever_is_allowed():
    check = measured([[1.0]], [1.0], Allowance("given", atol=1e9))
    assert (check.status, check.max_abs, check.max_ulp) == ("failed", None, None)
    assert check.message.startswith("expected float32 [1, 1], found float32 [1]")


@pytest.mark.parametrize(("rtol", "status"), [(0.1, "warning"), (0.01, "failed")])
def test_relative_tolerance_is_of_each_value(rtol, status):
    assert measured([1.0, 100.0], [1.05, 100.0], Allowance("given", rtol=rtol)).status == status


NOISE = Allowance("noise", noise={KEY: {"dark": 1e-6, "bright": 1e-3, "": 1e-5}})


def test_noise_is_allowed_example_by_example():
    examples = ("dark", "bright")
    within = measured([[1.0], [1000]], [[1 + 3e-6], [1000 + 3e-3]], NOISE, examples)
    assert within.status == "passed"
    assert (within.noise, within.allowance) == (1e-3, 4e-3)
    beyond = measured([[1.0], [1000]], [[1 + 8e-6], [1000]], NOISE, examples)
    assert beyond.status == "failed"
    assert beyond.message.startswith("image 'dark', at [0, 0] expected 1.0, found 1.000008 (1 of 2")


def test_probes_are_no_images():
    check = measured([[1.0]], [[2.0]], None, ("zeros",))
    assert check.message.startswith("probe 'zeros', at [0, 0] expected 1.0")


def test_other_examples_have_the_noise_of_typical_ones():
    assert measured([[1.0]], [[1 + 3e-5]], NOISE, ("new",)).status == "passed"
    assert measured([[1.0]], [[1 + 5e-5]], NOISE, ("new",)).status == "failed"


def test_what_has_no_noise_must_be_equal():
    assert measured([1.0], [1.0], Allowance("noise")).status == "passed"
    assert measured([1.0], [1.0000001], Allowance("noise")).status == "failed"


def test_wide_allowances_are_said():
    wide = Allowance("noise", noise={KEY: {"": 0.1}})
    check = measured([1.0], [1.0], wide)
    assert check.status == "warning"
    assert check.message == "the allowance is wider than 1% of an example's largest value"
    assert measured([1.0], [1.5], wide).status == "failed"


def test_wide_allowances_are_said_with_the_examples_that_have_them():
    wide = Allowance("noise", noise={KEY: {"zeros": 0.1, "ramp": 1e-6, "": 0.0}})
    check = measured([[1.0], [1.0]], [[1.05], [1.0]], wide, ("zeros", "ramp"))
    assert (check.status, check.holds) == ("warning", True)
    assert check.message.endswith(
        "of an example's largest value, on 'zeros'; the largest difference is on 'zeros'"
    )


def test_strings_of_other_lengths_are_counted_one_by_one():
    measure = Measure(*KEY, Allowance())
    measure.add(np.array([b"cat", b"elk"]), np.array([b"cat", b"mouse"]))
    check = measure.check()
    assert check.message == "at [1] expected b'elk', found b'mouse' (1 of 2 values differ)"
    assert check.differing == 1


def test_large_whole_numbers_that_are_one_float():
    measure = Measure(*KEY, Allowance("given", atol=0.5))
    measure.add(np.array([2**62]), np.array([2**62 + 1]))
    assert (measure.check().status, measure.check().max_abs) == ("failed", 1.0)


def test_half_precision_without_a_kind_in_numpy():
    one, other = (np.array([1, value], ml_dtypes.bfloat16) for value in (2, 2.015625))
    for atol, status in ((0.1, "warning"), (0.01, "failed")):
        measure = Measure(*KEY, Allowance("given", atol=atol))
        measure.add(one, other)
        check = measure.check()
        assert (check.status, check.differing, check.max_ulp) == (status, 1, 1)
        assert (check.largest, check.max_abs) == (2.0, 0.015625)
