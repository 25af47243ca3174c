"""Makes small reusable SavedModels by hand, as users write them: one convolution, one batch norm.

Whatever is left out of a call is as TensorFlow Hub asks for; each argument breaks one thing.
"""

import itertools

import numpy as np
import tensorflow as tf

IMAGES = tf.TensorSpec([None, 8, 8, 3], tf.float32, name="inputs")
MOMENTUM = tf.TensorSpec([], tf.float32, name="batch_norm_momentum")


class Network:
    """The variables, and what is computed from them."""

    def __init__(self, seed=0):
        draw = np.random.RandomState(seed).normal
        self.kernel = variable(draw(size=[3, 3, 3, 4]), "conv/weights")
        self.gamma = variable(draw(size=4), "conv/BatchNorm/gamma")
        self.beta = variable(draw(size=4), "conv/BatchNorm/beta")
        self.mean = variable(draw(size=4), "conv/BatchNorm/moving_mean", trainable=False)
        self.variance = variable(np.ones(4), "conv/BatchNorm/moving_variance", trainable=False)
        self.variables = [self.kernel, self.gamma, self.beta, self.mean, self.variance]

    def features(self, inputs, training, momentum):
        """Returns float32 [batch, 4]."""
        return self.convolved(inputs * 2 - 1, training, momentum)

    def convolved(self, x, training, momentum):
        x = tf.nn.conv2d(x, self.kernel, 1, "SAME")
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = tf.nn.moments(x, [0, 1, 2])
            for average, value in ((self.mean, mean), (self.variance, variance)):
                average.assign_sub((average - value) * (1 - momentum))
        x = tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, 1e-3)
        return tf.reduce_mean(x, [1, 2])


def serve_images(folder, prepare=tf.identity, spec=IMAGES):
    """Saves a model of which a signature is all; `prepare` is what it does with images first."""
    root = tf.Module()
    root.kernel = Network().kernel

    @tf.function(input_signature=[spec])
    def serve_fn(inputs):
        x = tf.nn.conv2d(prepare(inputs), root.kernel, 1, "SAME")
        return {"feature_vector": tf.reduce_mean(tf.nn.relu6(x), [1, 2])}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve_fn})
    return folder


def variable(value, name, *, trainable=True):
    return tf.Variable(np.asarray(value, np.float32), trainable=trainable, name=name)


def hub_call(network, body=None):
    """Makes the `__call__` of a reusable model; `body` replaces what it computes."""
    compute = body or network.features

    @tf.function(autograph=False)
    def call_fn(inputs, training=False, batch_norm_momentum=0.99):
        return compute(inputs, training, batch_norm_momentum)

    return call_fn


def save(
    folder,
    network=None,
    *,
    body=None,
    call=None,
    traces=None,
    change=None,
    served="feature_vector",
    signatures=None,
    images=IMAGES,
):
    """Saves a reusable model.

    Args:
        folder: Where.
        network: The variables.
        body: Computes the output instead of the network.
        call: The tf.function itself, instead of the one around `body`.
        traces: Arguments after the images, one tuple a trace.
        change: Changes the root before it is saved.
        served: Name of the signature's output.
        signatures: All signatures; None for the usual one.
        images: What is traced with.
    """
    network = network or Network()
    call = call or hub_call(network, body)
    root = tf.train.Checkpoint()
    root.variables = list(network.variables)
    root.trainable_variables = [v for v in network.variables if v.trainable]
    loss = tf.function(lambda: 4e-5 * tf.nn.l2_loss(network.kernel), input_signature=[])
    root.regularization_losses = [loss]
    root.__call__ = call
    for arguments in traces or itertools.product((False, True), (MOMENTUM,)):
        call.get_concrete_function(images, *arguments)
    if signatures is None:

        @tf.function(input_signature=[tf.TensorSpec(images.shape, images.dtype, "inputs")])
        def serving_default(inputs):
            return {served: call(inputs)}

        signatures = {"serving_default": serving_default}
    if change is not None:
        change(root)
    tf.saved_model.save(root, str(folder), signatures=signatures)
    return folder


def served_node(graph):
    """Finds the node that calls the signature's function."""
    name = graph.signature_def["serving_default"].outputs["feature_vector"].name.split(":")[0]
    return next(node for node in graph.graph_def.node if node.name == name)


def swapped(graph):
    """Has servers take gamma for beta; which the object graph does not see."""
    node = served_node(graph)
    places = [i for i, name in enumerate(node.input) if "gamma" in name or "beta" in name]
    one, other = places
    node.input[one], node.input[other] = node.input[other], node.input[one]
