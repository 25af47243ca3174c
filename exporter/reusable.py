"""Makes a traced network a reusable SavedModel, as TensorFlow Hub defines it."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from exporter.signatures import BATCH_NORM_MOMENTUM, FOLDED, SERVING, check_momentum
from exporter.trace import MOMENTUM_SPEC, TracedNetwork, image_spec
from slim_nets.network import Task

# The name of the output in the signature, as Google's models have it.
OUTPUT_NAMES: dict[Task, str] = {"feature_vector": "feature_vector", "classification": "logits"}


@dataclass(frozen=True)
class ReusableModel:
    """What is saved.

    Attributes:
        root: The object that users get back from `tf.saved_model.load`.
        signatures: Functions by signature name.
        description: What the SavedModel says of itself; empty for trained weights.
    """

    root: Any
    signatures: dict[str, Any]
    description: str = ""


def reusable(
    network: TracedNetwork,
    *,
    batch_norm_momentum: float = BATCH_NORM_MOMENTUM,
    description: str = "",
) -> ReusableModel:
    """Gives a network the interface of the published models.

    The order of `variables` is the network's creation order: layer by layer,
    and in each the kernel, then gamma, beta, moving mean and moving variance,
    or the bias. `trainable_variables` keeps that order.

    Source: the Reusable SavedModel interface of TensorFlow Hub, and the
    argument names and defaults of the published SavedModel.

    Args:
        network: The traced network.
        batch_norm_momentum: Default of the argument, in [0, 1].
        description: What the SavedModel says of itself.

    Returns:
        The object to save and its signatures: `serving_default`, and `serving_folded`
        where the network was traced so.

    Raises:
        ValueError: If the momentum is out of range.
    """
    check_momentum(batch_norm_momentum)
    root = tf.train.Checkpoint()
    root.variables = list(network.variables)
    root.trainable_variables = [v for v in network.variables if v.trainable]
    root.regularization_losses = [network.regularization]
    root.save_counter  # noqa: B018  (the property makes the variable that the original has)
    setattr(root, "__call__", _call(network, batch_norm_momentum))  # noqa: B010

    return ReusableModel(root, _signatures(network), description)


def _signatures(network: TracedNetwork) -> dict[str, Any]:
    output_name, images = OUTPUT_NAMES[network.task], image_spec(network.variant)

    @tf.function(autograph=False)
    def serving_default_fn(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {output_name: network.inference(inputs)["default"]}

    @tf.function(autograph=False)
    def serving_folded_fn(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {output_name: network.folded(inputs)}

    signatures = {SERVING: serving_default_fn.get_concrete_function(images)}
    if network.folded is not None:
        signatures[FOLDED] = serving_folded_fn.get_concrete_function(images)
    return signatures


def _call(network: TracedNetwork, default: float) -> Any:
    """Returns `__call__` with its four traces; it only chooses between the bodies."""

    # Its signature is saved with it: no annotations, and flags in the published order.
    @tf.function(autograph=False)
    def call_fn(  # type: ignore[no-untyped-def]
        inputs, training=False, return_endpoints=False, batch_norm_momentum=default
    ):
        if training:
            end_points = network.training(inputs, batch_norm_momentum)
        else:
            end_points = network.inference(inputs)
        return end_points if return_endpoints else end_points["default"]

    for training in (False, True):
        for return_endpoints in (False, True):
            call_fn.get_concrete_function(
                image_spec(network.variant),
                training,
                return_endpoints,
                MOMENTUM_SPEC,
            )
    return call_fn
