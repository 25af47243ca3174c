"""A restored function's traces are called as it chooses them, and nothing is traced for that."""

import numpy as np
import pytest
import tensorflow as tf
from support.handmade import save

from exporter.verifier.subjects.chosen_trace import call_chosen_trace

pytestmark = pytest.mark.numerics


@pytest.fixture
def restored(tmp_path):
    model = tf.saved_model.load(save(tmp_path / "model"))
    yield model.__call__
    del model


@pytest.fixture(params=(8, 3))
def images(request):
    return tf.constant(np.random.RandomState(0).rand(request.param, 8, 8, 3), tf.float32)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"training": False}, {"batch_norm_momentum": 0.5}, {"training": True}],
    ids=str,
)
def test_the_trace_computes_what_the_call_computes(restored, images, arguments):
    found = call_chosen_trace(restored, images, **arguments)
    assert restored.experimental_get_tracing_count() == 0
    np.testing.assert_array_equal(found.numpy(), restored(images, **arguments).numpy())
    assert restored.experimental_get_tracing_count() == 1


def test_modes_are_told_apart(restored, images):
    inference, training = (
        call_chosen_trace(restored, images, training=mode) for mode in (False, True)
    )
    assert (inference.numpy() != training.numpy()).any()


def test_what_fits_no_trace_is_refused_as_by_the_call(restored):
    told = []
    for call in (call_chosen_trace, lambda function, *given: function(*given)):
        with pytest.raises(ValueError, match="Could not find matching concrete function") as error:
            call(restored, tf.zeros([2, 5, 5, 3]))
        told.append(str(error.value).splitlines()[0])
    assert told[0] == told[1]


def test_what_was_not_restored_is_called_itself():
    function = tf.function(lambda x: x * 2)
    assert call_chosen_trace(function, tf.constant(3)).numpy() == 6
