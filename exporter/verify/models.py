"""Compares two SavedModels in everything that fine-tuning relies on."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.original import Arrays
from exporter.verify.checks import arrays, by_name, check, each
from exporter.verify.probes import PROBE_MOMENTUM
from exporter.verify.report import Check


def compare_models(model: Any, reference: Any, images: np.ndarray) -> Iterator[Check]:
    """Compares two feature-vector models, bit for bit and by name.

    Both must be loaded by the same TensorFlow. Their moving averages are put
    back after the training-mode call.

    Args:
        model: What is judged, from `tf.saved_model.load`.
        reference: The other one.
        images: float32 `[batch, height, width, 3]` in [0, 1].

    Yields:
        Checks of end points, outputs, training-mode outputs, gradients of all
        trainable variables, moving averages after the call, and losses.
    """
    inputs = tf.constant(images)
    expected_inference, inference = _inference(reference, inputs), _inference(model, inputs)
    for group, expected in expected_inference.items():
        yield from each(group, expected, inference[group])
    expected_training, training = _training(reference, inputs), _training(model, inputs)
    yield check("training", "__call__", expected_training[0], training[0])
    yield from each("gradients", expected_training[1], training[1])
    yield from each("moving averages", expected_training[2], training[2])
    yield from each("regularization", _losses(reference), _losses(model))


def _inference(model: Any, inputs: Any) -> dict[Any, Arrays]:
    served = model.signatures["serving_default"](inputs=inputs)
    return {
        "end points": arrays(model(inputs, return_endpoints=True)),
        "outputs": arrays(served | {"__call__": model(inputs)}),
    }


def _training(model: Any, inputs: Any) -> tuple[np.ndarray, Arrays, Arrays]:
    """Returns output, gradients and moving averages of one training-mode call."""
    trainable = by_name(model.trainable_variables)
    averages = by_name(v for v in model.variables if not v.trainable)
    before = arrays(averages)
    with tf.GradientTape() as tape:
        output = model(inputs, training=True, batch_norm_momentum=PROBE_MOMENTUM)
        # A fixed direction, so that no two features can make up for each other.
        loss = tf.reduce_sum(output * tf.cos(tf.range(output.shape[-1], dtype=output.dtype)))
    gradients = arrays(tape.gradient(loss, trainable))
    after = arrays(averages)
    for name, variable in averages.items():
        variable.assign(before[name])
    return output.numpy(), gradients, after


def _losses(model: Any) -> Arrays:
    return {str(i): loss().numpy() for i, loss in enumerate(model.regularization_losses)}
