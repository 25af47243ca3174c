"""Compares a loaded SavedModel with the original, one check a value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.comparison import difference
from exporter.original import Arrays, Original
from exporter.reusable import OUTPUT_NAMES
from exporter.verify.probes import PROBE_MOMENTUM
from exporter.verify.report import Check, Group
from slim_nets.hyperparameters import DROPOUT_KEEP_PROB
from slim_nets.variants import Task, Variant

# Times the variance that dropout should have: at least four standard deviations on either side.
DROPOUT_VARIANCE = (0.65, 1.5)


@dataclass(frozen=True)
class Expected:
    """What the original computes on the probes.

    Attributes:
        images: The probes.
        weights: By variable name.
        end_points: Of one inference call, in the network's order.
        training: End points of one training-mode call.
        moving_averages: After that call, by variable name.
        regularization: The L2 loss.
    """

    images: np.ndarray
    weights: Arrays
    end_points: Arrays
    training: Arrays
    moving_averages: Arrays
    regularization: np.ndarray


def expected_of(original: Original, images: np.ndarray) -> Expected:
    """Runs the original on images."""
    training, moving_averages = original.training(images, PROBE_MOMENTUM)
    return Expected(
        images,
        original.weights(),
        _in_order(original.inference(images)),
        _in_order(training),
        moving_averages,
        original.regularization_loss(),
    )


def compare(model: Any, expected: Expected, variant: Variant, task: Task) -> Iterator[Check]:
    """Compares a loaded SavedModel with what the original computed.

    The model's moving averages are changed by its training-mode call.

    Args:
        model: From `tf.saved_model.load`.
        expected: What the original computed.
        variant: Which network.
        task: What it ends with.

    Yields:
        The checks: weights, inference from first layer to output, signature,
        regularization, training mode, moving averages.
    """
    images = tf.constant(expected.images)
    yield from each("weights", expected.weights, arrays(by_name(model.variables)))
    yield _trainable(model, variant, task)
    yield from each("end points", expected.end_points, arrays(model(images, return_endpoints=True)))
    output = expected.end_points["default"]
    yield check("outputs", "__call__", output, model(images).numpy())
    served = model.signatures["serving_default"](inputs=images)
    yield from each("outputs", {OUTPUT_NAMES[task]: output}, arrays(served))
    losses = {str(i): loss().numpy() for i, loss in enumerate(model.regularization_losses)}
    yield from each("regularization", {"0": expected.regularization}, losses)
    yield from _compare_training(model, images, expected, variant, task)


def _trainable(model: Any, variant: Variant, task: Task) -> Check:
    wanted = [spec.name for spec in variant.shape(task).variables if spec.trainable]
    found = list(by_name(model.trainable_variables))
    message = "" if found == wanted else f"expected {len(wanted)} in order, found {len(found)}"
    return Check(group="weights", name="trainable_variables", values=len(wanted), message=message)


def _compare_training(
    model: Any, images: Any, expected: Expected, variant: Variant, task: Task
) -> Iterator[Check]:
    mode = {"training": True, "batch_norm_momentum": PROBE_MOMENTUM}
    found = arrays(model(images, return_endpoints=True, **mode))
    after = arrays(by_name(v for v in model.variables if not v.trainable))
    # The other trace; in training mode the moving averages do not count.
    output = model(images, **mode).numpy()
    wanted = expected.training
    if task == "classification":
        # Dropout is drawn anew by every call, so what follows it cannot be compared by bits.
        scope = variant.spec.scope
        random = {"default", f"{scope}/Logits", f"{scope}/Predictions"}
        yield _drawn("dropout", found["default"], output)
        calls = {"dropout rate": found["default"], "__call__": output}
        yield from _dropout_rates(calls, expected, scope)
        wanted = {name: value for name, value in wanted.items() if name not in random}
        found = {name: value for name, value in found.items() if name not in random}
    yield from each("training", wanted, found)
    if task == "feature_vector":
        yield check("training", "__call__", wanted["default"], output)
    yield from each("moving averages", expected.moving_averages, after)


def _drawn(name: str, once: np.ndarray, again: np.ndarray) -> Check:
    """Checks that two calls draw two results."""
    same = np.array_equal(once, again)
    message = "expected results that change from call to call, found equal ones" if same else ""
    return Check(group="training", name=name, values=once.size, message=message)


def _dropout_rates(calls: Arrays, expected: Expected, scope: str) -> Iterator[Check]:
    """Checks that logits scatter around those without dropout as much as they should.

    A feature x that is kept with probability p, and divided by p, has the
    variance x^2 (1 - p) / p, from which follows the covariance of the logits.
    Measured in its principal axes, the mean square of their deviation is 1,
    with a standard deviation of sqrt(2 / number of axes), 0.05 for 1001 logits.
    With another p it would be 4 (0.5), 2.3 (0.63) or 0.44 (0.9).

    Args:
        calls: Logits of training-mode calls, by the name of the check.
        expected: What the original computed.
        scope: Of the network.

    Yields:
        One check a call, on the first image.
    """
    features = expected.training[f"{scope}/global_pool"][0, 0, 0].astype(np.float64)
    kernel = expected.weights[f"{scope}/Logits/Conv2d_1c_1x1/weights"][0, 0].astype(np.float64)
    mean = features @ kernel + expected.weights[f"{scope}/Logits/Conv2d_1c_1x1/biases"]
    variances = features**2 * (1 - DROPOUT_KEEP_PROB) / DROPOUT_KEEP_PROB
    along, axes = np.linalg.eigh((kernel.T * variances) @ kernel)
    # Axes along which float32 noise would count for more than dropout say nothing.
    telling = along > 1e-6 * along[-1]
    low, high = DROPOUT_VARIANCE
    for name, logits in calls.items():
        ratio = float(np.mean(((logits[0] - mean) @ axes[:, telling]) ** 2 / along[telling]))
        wrong = f"expected a scatter of {low} to {high} times dropout's, found {ratio:.3g}"
        message = "" if low <= ratio <= high else wrong
        yield Check(group="training", name=name, values=logits[0].size, message=message)


def each(group: Group, expected: Arrays, found: Arrays) -> Iterator[Check]:
    """Compares by name; a name on one side only is a difference.

    Args:
        group: What kind of thing they are.
        expected: The reference, by name.
        found: What is judged, by name.

    Yields:
        One check a name, in the reference's order.
    """
    for name, value in expected.items():
        if name in found:
            yield check(group, name, value, found[name])
        else:
            yield Check(group=group, name=name, values=0, message="expected it, found none")
    for name in sorted(found.keys() - expected.keys()):
        yield Check(group=group, name=name, values=0, message="expected none, found it")


def check(group: Group, name: str, expected: np.ndarray, found: np.ndarray) -> Check:
    """Compares one pair of arrays bit for bit."""
    differs = difference(np.asarray(expected), np.asarray(found))
    if differs is None:
        return Check(group=group, name=name, values=np.size(expected))
    message = f"{differs.where} ({differs.differing} of {np.size(expected)} values differ)"
    return Check(
        group=group,
        name=name,
        values=np.size(expected),
        differing=differs.differing,
        max_abs=differs.max_abs,
        message=message,
    )


def _in_order(end_points: Arrays) -> Arrays:
    """Puts the output, which comes last in the network, last."""
    return {k: v for k, v in end_points.items() if k != "default"} | {
        "default": end_points["default"]
    }


def by_name(variables: Iterable[Any]) -> dict[str, Any]:
    """Keys variables by their name in the checkpoint, in their order."""
    return {variable.name.split(":")[0]: variable for variable in variables}


def arrays(tensors: Mapping[str, Any]) -> Arrays:
    """Turns tensors or variables by name into arrays."""
    return {name: tensor.numpy() for name, tensor in tensors.items()}
