"""The values that are made up for inputs: those of one input never change, those of two differ."""

import hashlib
import itertools

import numpy as np
import pytest
import tensorflow as tf

from exporter.verifier.subjects.examples import Examples
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.probes import PROBES, shift, told


def test_the_images_are_those_of_every_report_so_far():
    values = b"".join(make([4, 6, 3], 0).tobytes() for make in PROBES.values())
    found = hashlib.sha256(values).hexdigest()
    assert found == "4deb4208d340abc0088bd2b35909bf41d2879647e806178f638a0c52e3edd7ec"


def test_no_two_of_many_inputs_have_the_same_whole_numbers():
    found = {tuple(shift(name, place) for name in PROBES) for place in range(128)}
    assert len(found) == 128
    assert all(shift(name, 0) == 0 for name in PROBES)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("shape", [[], [1], [2, 2], [31], [32], [8, 8, 3]])
def test_some_numbers_are_far_below_zero(shape, place):
    """Or a model that is wrong there alone passes."""
    values = PROBES["extremes"](shape, place)
    assert values.shape == tuple(shape)
    assert values.min() < -5
    assert values.size == 1 or values.max() > 5


@pytest.mark.parametrize("dtype", [tf.float32, tf.int64, tf.string, tf.bool, tf.float64])
@pytest.mark.parametrize("shape", [[None], [None, 4], [None, 2, 2, 3], []])
def test_inputs_of_one_kind_get_other_values(dtype, shape):
    spec = tf.TensorSpec(shape, dtype)
    several = InputSpec((spec,) * 3, names=("a", "b", "c"))
    columns = zip(*(several.probe(name) for name in PROBES), strict=True)
    found = [np.stack(column).tolist() for column in columns]
    assert all(one != other for one, other in itertools.combinations(found, 2))
    alone = [InputSpec((spec,), names=("c",)).probe(name)[0].tolist() for name in PROBES]
    assert alone == found[0]


def test_values_belong_to_names_whatever_the_order():
    specs = (tf.TensorSpec([None, 4]), tf.TensorSpec([None, 5]))
    one = InputSpec(specs, names=("user", "item")).probe("noise")
    other = InputSpec(specs[::-1], names=("item", "user")).probe("noise")
    assert [value.tolist() for value in one] == [value.tolist() for value in other[::-1]]


def test_what_an_example_is_called():
    given = {"x": np.zeros([2, 4])}
    examples = Examples(InputSpec((tf.TensorSpec([None, 4]),), names=("x",)), given=given)
    assert list(map(told, examples.names)) == ["example 0", "example 1"]
    assert [told("zeros"), told("cat.jpg")] == ["probe 'zeros'", "image 'cat.jpg'"]


def test_ragged_sparse_and_single_numbers():
    specs = (
        tf.RaggedTensorSpec([None, None], tf.float32),
        tf.SparseTensorSpec([None, 4], tf.float32),
        tf.TensorSpec([], tf.float32),
    )
    spec = InputSpec(specs, names=("rows", "cells", "number"))
    batch = Examples(spec).few(2)
    ragged, sparse, number = spec.tensors(batch.inputs)
    assert ragged.row_lengths().numpy().tolist() == [8, 4]
    assert sparse.shape == [2, 4]
    assert number.shape == []
    assert str(spec) == (
        "rows ragged float32 (None, None), cells sparse float32 (None, 4), number float32 ()"
    )
