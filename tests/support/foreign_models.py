"""Small models of the kinds that other people save: by hand, with Keras 2 and 3, for estimators.

Every maker takes a folder and a change: with 0 it saves the same model each time, with anything
else a copy that computes other results. `KINDS` has them all by name.
"""

import numpy as np
import tensorflow as tf

from support.handmade import variable
from support.keras_models import keras_2_text, keras_export

FLOATS = tf.TensorSpec([None, 4], tf.float32)
STRINGS = tf.TensorSpec([None], tf.string)
_KERNEL = np.linspace(-1, 1, 12).reshape(4, 3)


class Root(tf.Module):
    """A layer of three units, and the methods that a kind adds."""

    def __init__(self, change=0.0):
        super().__init__()
        self.kernel = variable(_KERNEL + np.float32(change), "kernel")
        self.bias = variable([0.5, -1, 2], "bias")

    def layer(self, x):
        return x @ self.kernel + self.bias


def saved(root, folder, **signatures):
    """Saves a root as it is; its tf.functions have signatures or were traced."""
    tf.saved_model.save(root, str(folder), signatures=signatures or None)
    return folder


def called(root, call, *specs, **more):
    """Makes a function the root's `__call__`, traced once."""
    root.__call__ = tf.function(call, autograph=False)
    root.__call__.get_concrete_function(*specs, **more)
    return root.__call__


def made(function, *specs):
    return tf.function(function, input_signature=specs, autograph=False)


def dict_of_outputs(folder, change=0.0):
    """Boxes and scores, as detectors return them, from a network that has no `training`."""
    root, kernel = tf.train.Checkpoint(), variable(np.linspace(-1, 1, 48).reshape(12, 4), "kernel")
    root.variables = root.trainable_variables = [kernel]

    @tf.function(input_signature=[tf.TensorSpec([None, 2, 2, 3], tf.float32, name="x")])
    def detect(x):
        boxes = tf.reshape(x, [-1, 12]) @ kernel
        scores = tf.sigmoid(boxes[:, 0] + change)
        return {"boxes": boxes, "classes": tf.argmax(boxes, -1), "scores": scores}

    root.__call__ = detect
    return saved(root, folder, detect=detect)


def words(folder, change=0.0):
    """A dict of inputs, one of them strings that are looked up in a table."""
    vocabulary = tf.lookup.KeyValueTensorInitializer(["hub", "a"], tf.constant([1, 2], tf.int64))
    root = tf.train.Checkpoint()
    root.table = tf.lookup.StaticHashTable(vocabulary, default_value=0)
    root.embedding = variable(np.arange(6).reshape(3, 2) + change, "embedding")
    root.variables = root.trainable_variables = [root.embedding]

    @tf.function(autograph=False)
    def call_fn(inputs, training=False):
        rows = tf.gather(root.embedding, root.table.lookup(inputs["words"]))
        rows = tf.nn.dropout(rows, 0.5) if training else rows
        return rows * inputs["weight"][:, None]

    specs = {"words": STRINGS, "weight": tf.TensorSpec([None])}
    for training in (False, True):
        call_fn.get_concrete_function(specs, training)
    root.__call__ = call_fn
    return saved(root, folder)


def signature_alone(folder, change=0.0):
    root = Root(change)
    serve = made(lambda x: {"y": root.layer(x)}, tf.TensorSpec([None, 4], tf.float32, "x"))
    return saved(root, folder, serving_default=serve)


def users_and_items(folder, change=0.0, *, swap=False):
    """Two inputs of one shape and dtype; swapped, it is wired the wrong way round."""
    root = Root(change)
    root.items = variable(_KERNEL[::-1] * 2, "items")

    def call(inputs):
        user, item = inputs["user"], inputs["item"]
        user, item = (item, user) if swap else (user, item)
        return root.layer(user) - item @ root.items

    called(root, call, {"user": FLOATS, "item": FLOATS})
    return saved(root, folder)


def identities(folder, change=0.0, *, swap=False):
    """Two inputs that are one whole number each, as recommenders take them."""
    root = Root(change)
    root.items = variable(_KERNEL[::-1] * 2, "items")

    def call(user, item):
        user, item = (item, user) if swap else (user, item)
        return {"score": tf.gather(root.kernel, user) - tf.gather(root.items, item)}

    whole = tf.TensorSpec([None], tf.int64)
    serve = made(call, whole, whole)
    return saved(root, folder, serving_default=serve)


def scaled_too(folder, change=0.0):
    """A signature that takes more than `__call__` does."""
    root = Root(change)
    call = called(root, root.layer, FLOATS)
    scale = tf.TensorSpec([], tf.float32)
    scaled = made(lambda x, scale: {"y": root.layer(x) * scale}, FLOATS, scale)
    served = made(lambda x: {"y": call(x)}, FLOATS)
    return saved(root, folder, serving_default=served, scaled=scaled)


def _parsed(serialized):
    features = {"x": tf.io.FixedLenFeature([4], tf.float32)}
    return tf.io.parse_example(serialized, features)["x"]


def examples_too(folder, change=0.0):
    """`__call__` takes numbers, and the signature serialized examples."""
    root = Root(change)
    call = called(root, root.layer, FLOATS)
    serve = made(lambda examples: {"scores": call(_parsed(examples))}, STRINGS)
    return saved(root, folder, serving_default=serve)


def serialized_examples(folder, change=0.0):
    """What estimators and TFX serve: nothing but serialized examples can be given."""
    root = Root(change)
    serve = made(lambda examples: {"scores": root.layer(_parsed(examples))}, STRINGS)
    return saved(root, folder, serving_default=serve)


def serialized(*rows):
    """Makes what `serialized_examples` takes of rows of four numbers."""
    floats = [tf.train.FloatList(value=row) for row in rows]
    features = [tf.train.Features(feature={"x": tf.train.Feature(float_list=f)}) for f in floats]
    return np.array([tf.train.Example(features=f).SerializeToString() for f in features], np.bytes_)


def encoded_images(folder, change=0.0):
    """Takes PNG or JPEG files as they are."""
    root = Root(change)

    def decoded(encoded):
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        small = tf.image.resize(tf.ensure_shape(image, [None, None, 3]), [2, 2])
        return tf.reshape(small[..., 0], [4]) / 255

    def call(encoded):
        return {"scores": root.layer(tf.map_fn(decoded, encoded, fn_output_signature=tf.float32))}

    return saved(root, folder, serving_default=made(call, STRINGS))


def trains(folder, change=0.0):
    """A signature that changes the variables which all others use."""
    root = Root(change)

    def train(x):
        root.bias.assign_add(tf.reduce_mean(root.layer(x), 0))
        return {"loss": tf.reduce_sum(root.layer(x))}

    call = called(root, root.layer, FLOATS)
    served = made(lambda x: {"y": call(x)}, FLOATS)
    # Sorted by name, a step of training comes before what is served.
    return saved(root, folder, serving_default=served, a_step=made(train, FLOATS))


def draws(folder, change=0.0):
    """Results that are drawn at random beside some that are not."""
    root = Root(change)

    def call(x):
        y = root.layer(x)
        return {"mean": y, "sample": y + tf.random.normal(tf.shape(y))}

    called(root, call, FLOATS)
    return saved(root, folder)


def rounded(y):
    """Adds something large and takes it away again, which costs some last bits."""
    largest = 16 * tf.reduce_max(tf.abs(y), axis=-1, keepdims=True)
    return (y + largest) - largest


def rounds_otherwise(folder, change=0.0):
    """The signature computes what `__call__` does in another order of additions."""
    root = Root(change)
    called(root, root.layer, FLOATS)
    serve = made(lambda x: {"y": rounded(root.layer(x))}, FLOATS)
    return saved(root, folder, serving_default=serve)


def gray_images(folder, change=0.0):
    root = Root(change)
    gray = tf.TensorSpec([None, 2, 2, 1], tf.float32)
    call = called(root, lambda x: root.layer(tf.reshape(x, [-1, 4])), gray)
    return saved(root, folder, serving_default=made(lambda x: {"y": call(x)}, gray))


def predictions(folder, change=0.0, rate=0.5):
    """A classifier of images with dropout, whose output is called as few others'."""
    root = Root(change)
    images = tf.TensorSpec([None, 2, 2, 3], tf.float32)

    def call(inputs, training=False):
        x = tf.reshape(inputs[..., 0], [-1, 4])
        x = tf.nn.dropout(x, rate) if training else x
        return tf.nn.softmax(8 * root.layer(x))

    function = tf.function(call, autograph=False)
    for training in (False, True):
        function.get_concrete_function(images, training)
    root.__call__ = function
    serve = made(lambda inputs: {"predictions": function(inputs)}, images)
    return saved(root, folder, serving_default=serve)


def scalar(folder, change=0.0):
    """A number, without a batch."""
    root = Root(change)
    called(root, lambda x: x * root.kernel, tf.TensorSpec([], tf.float32))
    return saved(root, folder)


def ragged(folder, change=0.0):
    root = Root(change)
    spec = tf.RaggedTensorSpec([None, None], tf.float32)
    called(root, lambda x: tf.reduce_sum(x, 1)[:, None] * root.kernel[0], spec)
    return saved(root, folder)


def sparse(folder, change=0.0):
    root = Root(change)
    spec = tf.SparseTensorSpec([None, 4], tf.float32)
    called(root, lambda x: tf.sparse.sparse_dense_matmul(x, root.kernel), spec)
    return saved(root, folder)


def two_arguments(folder, change=0.0):
    root = Root(change)
    called(root, lambda x, weight: root.layer(x) * weight, FLOATS, tf.TensorSpec([None, 1]))
    return saved(root, folder)


def required_training(folder, change=0.0):
    """`training` has no default."""
    root = Root(change)

    def call(x, training):
        return root.layer(x) + 1 if training else root.layer(x)

    function = tf.function(call, autograph=False)
    for training in (False, True):
        function.get_concrete_function(FLOATS, training)
    root.__call__ = function
    return saved(root, folder)


def datasets(folder, change=0.0):
    """Takes what nobody can make up."""
    root = Root(change)
    spec = tf.data.DatasetSpec(tf.TensorSpec([4], tf.float32))
    called(root, lambda rows: rows.reduce(root.bias, lambda bias, row: bias + row[:3]), spec)
    return saved(root, folder)


KINDS = {
    make.__name__: make
    for make in (
        *(keras_export, keras_2_text, dict_of_outputs, words, signature_alone, users_and_items),
        *(identities, scaled_too, examples_too, serialized_examples, encoded_images, trains),
        *(draws, rounds_otherwise, gray_images, predictions, scalar, ragged, sparse),
        *(two_arguments, required_training, datasets),
    )
}
