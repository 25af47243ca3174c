"""The original: TF-Slim's graph in a TensorFlow 1 session, with its checkpoint restored."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from slim_nets.hub import end_points
from slim_nets.slim_layers import SlimLayers
from slim_nets.variants import Task, Variant

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Original:
    """A restored graph, ready to run.

    End points have the names of the exported ones, scope included, and the
    output is `default`.
    """

    _session: Any
    _feeds: dict[str, Any]
    _inference: dict[str, Any]
    _training: dict[str, Any]
    _updates: list[Any]
    _moving_averages: dict[str, Any]
    _variables: dict[str, Any]
    _regularization: Any

    def inference(self, images: np.ndarray) -> Arrays:
        """Returns all end points for float32 `[batch, size, size, 3]` in [0, 1]."""
        fetched: Arrays = self._session.run(self._inference, {self._feeds["images"]: images})
        return fetched

    def training(self, images: np.ndarray, momentum: float) -> tuple[Arrays, Arrays]:
        """Runs one training-mode call and puts the moving averages back.

        Args:
            images: float32 `[batch, size, size, 3]` in [0, 1].
            momentum: What the moving averages keep of themselves, in [0, 1].

        Returns:
            All end points, and the moving averages after the call by variable name.
        """
        before = self._session.run(self._moving_averages)
        feeds = {self._feeds["images"]: images, self._feeds["momentum"]: momentum}
        computed, _ = self._session.run([self._training, self._updates], feeds)
        after = self._session.run(self._moving_averages)
        # Initializes them anew, with what they were in place of the initial values.
        averages = self._moving_averages.items()
        back = {variable.initial_value: before[name] for name, variable in averages}
        self._session.run([variable.initializer for _, variable in averages], back)
        return computed, after

    def regularization_loss(self) -> np.ndarray:
        """Returns the float32 scalar L2 loss."""
        return np.asarray(self._session.run(self._regularization))

    def weights(self) -> Arrays:
        """Returns all variables by name."""
        fetched: Arrays = self._session.run(self._variables)
        return fetched


@contextmanager
def restored(
    variant: Variant, task: Task, prefix: str, names: Mapping[str, str]
) -> Iterator[Original]:
    """Builds the graph with tf-slim's layers and restores it with a TF1 saver.

    Source: the published SavedModel, in which one graph holds the network
    twice, first for training and then for prediction, over shared variables.

    Args:
        variant: Which network.
        task: What it ends with.
        prefix: The checkpoint.
        names: For every variable, its name in the checkpoint.

    Yields:
        The original, until its session is closed.
    """
    with tf.Graph().as_default() as graph:
        shape = [None, variant.image_size, variant.image_size, 3]
        images = tf.compat.v1.placeholder(tf.float32, shape, "images")
        momentum = tf.compat.v1.placeholder(tf.float32, [], "batch_norm_momentum")
        with tf.name_scope("train"):
            training = _outputs(end_points(images, variant, task, SlimLayers(momentum)))
            regularization = tf.compat.v1.losses.get_regularization_loss()
        with tf.name_scope("predict"):
            inference = _outputs(end_points(images, variant, task, SlimLayers()))
        variables = {v.op.name: v for v in tf.compat.v1.global_variables()}
        trainable = {v.op.name for v in tf.compat.v1.trainable_variables()}
        saver = tf.compat.v1.train.Saver({names[name]: v for name, v in variables.items()})
        updates = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.UPDATE_OPS)
    with tf.compat.v1.Session(graph=graph) as session:
        saver.restore(session, prefix)
        yield Original(
            session,
            {"images": images, "momentum": momentum},
            inference,
            training,
            updates,
            {name: v for name, v in variables.items() if name not in trainable},
            variables,
            regularization,
        )


def _outputs(tensors: dict[str, Any]) -> dict[str, Any]:
    """Gives every end point an `Identity` to be fetched by, as the outputs of a function have.

    TensorFlow's optimizer spares what is fetched. If that were the end points
    themselves, it would merge other products here than in a SavedModel, and on
    feature maps of one pixel the last bit would differ.
    """
    return {name: tf.identity(tensor) for name, tensor in tensors.items()}
