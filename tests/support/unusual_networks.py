"""Functions that build networks, but not as a SavedModel or TF-Slim's convention would have it."""

import tensorflow.compat.v1 as tf

from slim_nets.layers import _legacy_layers

_legacy_layers.install()

import tf_slim as slim  # noqa: E402


def collects_losses(images, num_classes=3, is_training=True):
    """Puts a loss into the collection itself, whenever it is built."""
    weights = tf.get_variable("weights", [3, num_classes or 3])
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.nn.l2_loss(weights))
    points = {"of_no_rank": tf.placeholder_with_default(images, None), "text": tf.constant("x")}
    return tf.matmul(tf.reduce_mean(images, [1, 2]), weights), points


def collects_elsewhere(images, num_classes=3, is_training=True):
    """Collects updates where nobody looks for them, as the first networks in TF-Slim did."""
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    collection = "_update_ops_"
    return slim.batch_norm(net, is_training=is_training, updates_collections=collection), {}


def has_a_device(images, num_classes=3, is_training=True):
    with tf.device("/gpu:0"):
        return slim.fully_connected(
            tf.reduce_mean(images, [1, 2]), num_classes or 3, scope="fc"
        ), {}


def always_trains(images, num_classes=3, is_training=True):
    """Collects updates in prediction too."""
    net = slim.conv2d(images, num_classes or 3, 3, scope="conv")
    return tf.reduce_mean(slim.batch_norm(net, is_training=True), [1, 2]), {}


def moves_in_prediction(images, num_classes=3, is_training=True):
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    return slim.batch_norm(net, is_training=True, updates_collections=None), {}


def makes_variables_anew(images, num_classes=3, is_training=True):
    weights = tf.Variable(tf.ones([3, num_classes or 3]), name="weights")
    return tf.matmul(tf.reduce_mean(images, [1, 2]), weights), {}


def has_references(images, num_classes=3, is_training=True):
    with tf.variable_scope("old", use_resource=False):
        weights = tf.get_variable("weights", [3, num_classes or 3])
    return tf.matmul(tf.reduce_mean(images, [1, 2]), weights), {}


def asks_to_be_fed(images, num_classes=3, is_training=True):
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    return net * tf.placeholder(tf.float32, [], "keep_prob"), {}


def calls_python(images, num_classes=3, is_training=True):
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    called = tf.py_func(lambda values: values, [net], tf.float32)
    return tf.reshape(called, tf.shape(net)) + net, {}


def reads_a_file(images, num_classes=3, is_training=True):
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    read = tf.io.decode_raw(tf.io.read_file("scales.bin"), tf.float32)
    return net * tf.reshape(read, [1, 1]), {}


def has_no_variables(images, num_classes=3, is_training=True):
    return tf.reduce_mean(images, [1, 2]), {}


def takes_no_names(images, num_classes=3, is_training=True, /):
    return images, {}


def has_a_graph_of_its_own(images, num_classes=3, is_training=True):
    with tf.Graph().as_default():
        return tf.zeros([1, num_classes or 3]), {}


def has_ten_classes(images, is_training=True):
    return slim.fully_connected(tf.reduce_mean(images, [1, 2]), 10, scope="fc"), {}


has_ten_classes.default_image_size = (224, 224)
