"""A network as TF-Slim builds it: twice in one graph of TensorFlow 1, over shared variables.

Source: the published SavedModels, whose graph holds the network for training and then for
prediction. A session that runs this graph is what exports are compared with.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from slim_nets.layers.max_pool_gradient import across_functions
from slim_nets.layers.slim import SlimLayers
from slim_nets.network import Task

if TYPE_CHECKING:
    from slim_nets.registry import Variant


@dataclass(frozen=True)
class OriginalNetwork:
    """A network in a graph of its own, for training below `train/`, else below `predict/`.

    Attributes:
        graph: The graph.
        images: Placeholder, float32 `[batch, height, width, 3]` in [0, 1].
        momentum: Placeholder, float32 scalar in [0, 1] that the moving averages keep of
            themselves in a training call.
        inference: The output as `default`, then every end point by full name.
        training: The same in training mode.
        updates: What moves the moving averages in a training call.
        regularization: The float32 scalar loss.
        variables: By name, in creation order.
    """

    graph: tf.Graph
    images: Any
    momentum: Any
    inference: dict[str, Any]
    training: dict[str, Any]
    updates: list[Any]
    regularization: Any
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def trainable(self) -> dict[str, Any]:
        """Those of its variables that are trained."""
        return {name: v for name, v in self.variables.items() if v.trainable}


@dataclass(frozen=True)
class Placeholders:
    """What a network in a graph of its own is given.

    Attributes:
        images: float32 `[batch, height, width, 3]` in [0, 1].
        momentum: float32 scalar in [0, 1].
    """

    images: Any
    momentum: Any


def placeholders(variant: "Variant") -> Placeholders:
    """Makes them in the current graph."""
    size = (None, None) if variant.network.any_size else variant.image_size
    return Placeholders(
        tf.compat.v1.placeholder(tf.float32, [None, *size, 3], "images"),
        tf.compat.v1.placeholder(tf.float32, [], "batch_norm_momentum"),
    )


def original(variant: "Variant", task: Task) -> OriginalNetwork:
    """Builds a network in a new graph.

    Args:
        variant: Which network.
        task: What it ends with.

    Returns:
        The network, its variables not yet initialized.

    Raises:
        NetworkError: If it is a function that cannot be had, fails, or breaks the convention.
    """
    if variant.graph is not None:
        from slim_nets.graph_original import original_of_function

        return original_of_function(variant.graph, variant, task)
    with tf.Graph().as_default() as graph, across_functions(graph):
        given = placeholders(variant)
        with tf.name_scope("train"):
            layers = SlimLayers(given.momentum)
            training = fetched(variant.end_points(given.images, task, layers))
            regularization = tf.compat.v1.losses.get_regularization_loss()
        with tf.name_scope("predict"):
            inference = fetched(variant.end_points(given.images, task, SlimLayers()))
        return OriginalNetwork(
            graph,
            given.images,
            given.momentum,
            inference,
            training,
            tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.UPDATE_OPS),
            regularization,
            {v.op.name: v for v in tf.compat.v1.global_variables()},
        )


def fetched(tensors: dict[str, Any]) -> dict[str, Any]:
    """Gives every end point an `Identity` to be fetched by, as the outputs of a function have.

    TensorFlow's optimizer spares what is fetched. If that were the end points
    themselves, it would merge other products here than in a SavedModel, and on
    feature maps of one pixel the last bit would differ.
    """
    return {name: tf.identity(tensor) for name, tensor in tensors.items()}
