"""A network as TF-Slim builds it: twice in one graph of TensorFlow 1, over shared variables.

Source: the published SavedModels, whose graph holds the network for training and then for
prediction. A session that runs this graph is what exports are compared with.
"""

import tensorflow as tf

from slim_nets.graph_original import original_of_function
from slim_nets.layers.max_pool_gradient import across_functions
from slim_nets.layers.slim import SlimLayers
from slim_nets.network import Task
from slim_nets.original_network import (
    OriginalNetwork,
    compared_by_identity,
    fetched,
    placeholders,
)
from slim_nets.registry import Variant


def original(variant: Variant, task: Task) -> OriginalNetwork:
    """Builds a network in a new graph.

    Args:
        variant: Which network.
        task: What it ends with.

    Returns:
        The network, its variables not yet initialized.

    Raises:
        NetworkError: If it is a function that cannot be had, fails, or breaks the convention.
    """
    if (calls := variant.calls(task)) is not None:
        return original_of_function(calls)
    with tf.Graph().as_default() as graph, across_functions(graph), compared_by_identity():
        given = placeholders(variant.input_size)
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
