"""Runs functions with their sums as they are written."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

_OPTION = "arithmetic_optimization"


@contextmanager
def as_written() -> Iterator[None]:
    """Keeps TensorFlow's optimizer from adding up in another order than a graph says.

    In a backward pass it reorders what is added up where more than two gradients meet, as those
    of Inception's branches do, and the last bits differ from those of a session that runs the
    graph as it is written.
    """
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({_OPTION: False})
    try:
        yield
    finally:
        # None where it was not set: what is set is written into every model that is saved later.
        tf.config.optimizer.set_experimental_options({_OPTION: before.get(_OPTION)})
