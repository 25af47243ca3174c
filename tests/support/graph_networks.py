"""Small networks as functions in graph mode, with the oddities of TF-Slim's research code.

They are written as such code is, and named by `--network=support.graph_networks:odd`.
"""

import tensorflow.compat.v1 as tf

from slim_nets.layers import _legacy_layers

_legacy_layers.install()

import tf_slim as slim  # noqa: E402


def odd(
    images,
    num_classes=7,
    is_training=True,
    global_pool=False,
    create_aux_logits=True,
    scope="Odd",
):
    """Has a scope, an auxiliary head, dropout, and a residual with biases that are regularized."""
    end_points = {}
    with (
        tf.variable_scope(scope, "Odd", [images]) as outer,
        slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training),
    ):
        net = slim.conv2d(images, 8, 3, stride=2, scope="Conv_1")
        end_points[f"{outer.name}/Conv_1"] = net
        up = slim.conv2d(net, 8, 1, normalizer_fn=None, activation_fn=None, scope="Up")
        net = tf.nn.relu(net + 0.17 * up)
        end_points["Block"] = net
        tf.train.get_or_create_global_step()
        if create_aux_logits and num_classes:
            aux = slim.conv2d(net, 4, 1, scope="Aux/Conv")
            aux = slim.fully_connected(tf.reduce_mean(aux, [1, 2]), num_classes, scope="Aux/FC")
            end_points["AuxLogits"] = aux
        net = slim.separable_conv2d(net, 12, 3, depth_multiplier=2, scope="Separable")
        end_points["Separable"] = net
        if not num_classes and not global_pool:
            return net, end_points
        net = tf.reduce_mean(net, [1, 2], keepdims=True, name="GlobalPool")
        end_points["global_pool"] = net
        if not num_classes:
            return net, end_points
        net = slim.flatten(slim.dropout(net, 0.8, scope="Dropout"))
        end_points["PreLogitsFlatten"] = net
        logits = slim.fully_connected(net, num_classes, activation_fn=None, scope="Logits")
        end_points["Logits"] = logits
        end_points["Predictions"] = tf.nn.softmax(logits)
    return logits, end_points


odd.default_image_size = 48


def odd_scope(weight_decay=1e-3):
    """Gives batch norm, which has no gamma, a constant decay where no later scope reaches it."""
    regularizer = slim.l2_regularizer(weight_decay)
    with (
        slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            weights_regularizer=regularizer,
            biases_regularizer=regularizer,
        ),
        slim.arg_scope(
            [slim.conv2d, slim.separable_conv2d],
            normalizer_fn=slim.batch_norm,
            normalizer_params={"decay": 0.9, "epsilon": 0.001},
        ) as scope,
    ):
        return scope


def heavier_scope():
    return odd_scope(weight_decay=2e-3)


def bare(images, num_classes, is_training=True):
    """Has no scope, paths that are dropped, and a head whose pool has two dimensions."""
    end_points = {}
    with slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training):
        net = slim.conv2d(images, 8, 3, stride=2, padding="VALID", scope="conv0")
        net = slim.batch_norm(net, scope="conv0_bn")
        with tf.variable_scope("cell_0"):
            left = slim.separable_conv2d(tf.nn.relu(net), 8, 3, 1, scope="separable_3x3")
            left = slim.batch_norm(left, scope="bn_sep_3x3")
            if is_training:
                step = tf.cast(tf.train.get_or_create_global_step(), tf.float32)
                keep = 1 - 0.3 * tf.minimum(1.0, step / 1000)
                drawn = tf.floor(keep + tf.random_uniform([tf.shape(net)[0], 1, 1, 1]))
                left = left / keep * drawn
            net = end_points["Cell_0"] = net + left
        if is_training and num_classes:
            with tf.variable_scope("aux_0"):
                aux = slim.batch_norm(slim.conv2d(net, 4, 1, scope="proj"), scope="aux_bn0")
                aux = slim.fully_connected(slim.flatten(aux), num_classes, scope="FC")
                end_points["AuxLogits"] = aux
        with tf.variable_scope("final_layer"):
            net = end_points["global_pool"] = tf.reduce_mean(tf.nn.relu(net), [1, 2])
            if not num_classes:
                return net, end_points
            net = slim.dropout(net, 0.5)
            logits = slim.fully_connected(net, num_classes, scope="FC")
            end_points["Logits"] = logits
            end_points["Predictions"] = tf.nn.softmax(logits, name="predictions")
    return logits, end_points


def bare_scope(weight_decay=4e-5, batch_norm_decay=0.9997):
    regularizer = slim.l2_regularizer(weight_decay)
    with (
        slim.arg_scope(
            [slim.conv2d, slim.fully_connected, slim.separable_conv2d],
            weights_regularizer=regularizer,
            activation_fn=None,
        ),
        slim.arg_scope([slim.conv2d, slim.separable_conv2d], biases_initializer=None),
        slim.arg_scope([slim.batch_norm], decay=batch_norm_decay, scale=True) as scope,
    ):
        return scope


def plain(images, num_classes=5):
    """Has no batch norm, no regularizer, no mode, dropout in its features; needs classes."""
    points = "plain_end_points"
    with (
        tf.variable_scope("plain"),
        slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections=points),
    ):
        net = slim.conv2d(images, 6, 3)  # in a scope that is named by its number
        net = slim.max_pool2d(slim.conv2d(net, 6, 3), 2, scope="pool1")
        net = slim.dropout(net, 0.9)
        net = slim.conv2d(net, 10, 1, scope="fc7")
        net = tf.reduce_mean(net, [1, 2], keepdims=True)
        net = slim.conv2d(net, num_classes, 1, activation_fn=None, scope="fc8")
    return net, slim.utils.convert_collection_to_dict(points)


def feature_map(images, is_training, **_):
    """Has no classes at all, its batch norm is not fused, and its averages move at once."""
    params = {
        "is_training": is_training,
        "fused": False,
        "updates_collections": None,
        "decay": 0.5,
        "scale": True,
    }
    net = slim.conv2d(
        images,
        6,
        5,
        stride=4,
        normalizer_fn=slim.batch_norm,
        normalizer_params=params,
        weights_regularizer=slim.l2_regularizer(0.01),
        scope="only",
    )
    return net, {}


def drops(images, num_classes=4, is_training=True):
    """Has dropout in front of a batch norm, so that its averages are drawn at random."""
    with slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training):
        net = slim.conv2d(images, 16, 3, stride=2, normalizer_fn=slim.batch_norm, scope="conv_1")
        net = slim.dropout(net, 0.7)
        net = slim.conv2d(net, 16, 3, stride=2, normalizer_fn=slim.batch_norm, scope="conv_2")
        return slim.conv2d(tf.reduce_mean(net, [1, 2], True), num_classes or 4, 1, scope="fc"), {}


def swish(images, num_classes=3, is_training=True):
    """Has an activation whose gradient TensorFlow computes in Python."""
    net = slim.conv2d(images, 4, 3, stride=4, activation_fn=tf.nn.swish, scope="conv")
    net = slim.fully_connected(slim.flatten(net), num_classes or 3, activation_fn=None, scope="fc")
    return net, {}


def fails(images, num_classes=3, is_training=True):
    return _inner(images), {}


def _inner(images):
    raise KeyError("no such layer")


def returns_no_pair(images, num_classes=3, is_training=True):
    return slim.conv2d(images, num_classes or 3, 3)


def returns_a_map(images, num_classes=3, is_training=True):
    return slim.conv2d(images, num_classes or 3, 3), {}


def counts(images, num_classes=3, is_training=True):
    """Has an output that depends on a number that is no float."""
    count = tf.get_variable("count", [], tf.int64, tf.zeros_initializer(), trainable=False)
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    return net * tf.cast(count, tf.float32), {}


def unbiased(images, num_classes=3, is_training=True):
    """Has moving averages without bias towards zero, which depend on more than a decay."""
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    return slim.batch_norm(net, is_training=is_training, zero_debias_moving_mean=True), {}


def regularizes_activations(images, num_classes=3, is_training=True):
    net = slim.fully_connected(slim.flatten(images), num_classes or 3, scope="fc")
    tf.losses.add_loss(tf.nn.l2_loss(net), tf.GraphKeys.REGULARIZATION_LOSSES)
    return net, {}


def no_scope():
    return None


NUMBER = 3
