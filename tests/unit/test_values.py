"""Values of tensors and variables as arrays, which share memory where that is large."""

import numpy as np
import pytest

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter.verifier.subjects.subject import value_of  # noqa: E402


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.float32(1.5),
        np.zeros((0, 3), np.float32),
        np.arange(3),
        np.array([True, False]),
        np.array([1.5, np.nan], np.float16),
    ],
    ids=str,
)
def test_they_are_those_of_numpy(value):
    for given in (tf.constant(value), tf.Variable(value)):
        found = value_of(given)
        assert (found.dtype, found.shape) == (value.dtype, value.shape)
        np.testing.assert_array_equal(found, value)


def test_strings_have_a_fixed_width():
    assert value_of(tf.Variable(["a", "bcd"])).tolist() == [b"a", b"bcd"]


def test_weights_are_not_copied_and_keep_what_they_were():
    variable = tf.Variable(np.ones((3, 4), np.float32))
    before = value_of(variable)
    assert np.shares_memory(before, value_of(variable))
    variable.assign_sub(tf.fill((3, 4), 0.25))
    moved = value_of(variable)
    variable.assign(tf.zeros((3, 4)))
    assert np.all(before == 1)
    assert np.all(moved == 0.75)
    assert not value_of(variable).any()


def test_training_in_a_function_moves_other_memory():
    variable = tf.Variable(np.ones(5, np.float32))

    @tf.function
    def step(change):
        variable.assign_sub(change)
        return variable * 1.0

    before = value_of(variable)
    np.testing.assert_array_equal(step(tf.ones(5)), np.zeros(5))
    np.testing.assert_array_equal(before, np.ones(5))
