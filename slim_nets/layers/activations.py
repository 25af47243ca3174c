"""The non-linearities of the checkpoints, to the last bit."""

from collections.abc import Callable

import tensorflow as tf

from slim_nets.layers.protocol import Activation


def hard_swish(x: tf.Tensor) -> tf.Tensor:
    """Computes x * relu6(x + 3) / 6, multiplied from left to right.

    Source: arXiv:1905.02244, Section 5.2. The order of the two products is
    that of the published graph; another one differs in the last bit.

    Args:
        x: float32 of any shape.

    Returns:
        float32 of the same shape, at least -0.375.
    """
    return x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0)


def hard_sigmoid(x: tf.Tensor) -> tf.Tensor:
    """Computes relu6(x + 3) * 0.16667, the gate of squeeze-and-excite.

    Source: arXiv:1905.02244, Section 5.2, which has 1/6. The checkpoints were
    trained with the rounded slope, so the gate reaches 1.00002.

    Args:
        x: float32 of any shape.

    Returns:
        float32 of the same shape in [0, 1.00002].
    """
    return tf.nn.relu6(x + 3.0) * 0.16667


ACTIVATIONS: dict[Activation, Callable[[tf.Tensor], tf.Tensor]] = {
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "hard_swish": hard_swish,
    "hard_sigmoid": hard_sigmoid,
    "identity": tf.identity,
}
