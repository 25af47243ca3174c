"""The trace itself is differentiated where `__call__` leads to one, and `__call__` elsewhere."""

import numpy as np
import pytest
import tensorflow as tf
from support.handmade import save

from exporter.verifier.subjects.saved_model import chosen_trace

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    model = tf.saved_model.load(save(tmp_path_factory.mktemp("model") / "model"))
    yield model.__call__
    del model


@pytest.fixture
def images():
    return tf.constant(np.random.RandomState(0).rand(8, 8, 8, 3), tf.float32)


def test_the_trace_computes_what_the_call_computes(restored, images):
    arguments = {"training": True, "batch_norm_momentum": tf.constant(0.9)}
    trace = chosen_trace(restored, images, **arguments)
    assert trace in restored.concrete_functions
    inference = chosen_trace(restored, images, training=False, batch_norm_momentum=tf.constant(0.9))
    assert inference in restored.concrete_functions
    assert inference is not trace
    np.testing.assert_array_equal(
        trace(images, **arguments).numpy(), restored(images, **arguments).numpy()
    )


def test_a_trace_that_wants_more_arguments_is_not_called(restored, images):
    assert chosen_trace(restored, images) is restored


def test_what_was_not_restored_is_called_itself(images):
    function = tf.function(lambda x: x * 2)
    assert chosen_trace(function, images) is function
