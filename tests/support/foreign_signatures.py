"""Small models of which signatures are all that users have, as TensorFlow 1 and others saved them.

Makers take a folder and a change, as those of models with a `__call__` do: with 0 they save the
same model each time, with anything else a copy that computes other results.
"""

from contextlib import contextmanager

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
_KERNEL = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


@contextmanager
def session():
    """A graph and its session, as programs of TensorFlow 1 have them."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as running:
        yield running


def layer(x, change=0.0, *, resource=True):
    kernel = v1.get_variable(
        "dense/kernel", initializer=_KERNEL + np.float32(change), **_how(resource)
    )
    bias = v1.get_variable("dense/bias", [3], trainable=False, **_how(resource))
    return tf.identity(x @ kernel + bias, name="scores")


def _how(resource):
    return {"use_resource": resource}


def served(folder, running, signatures, tags=("serve",), more=()):
    """Writes what a session holds, as a builder does: once, then its graph under other tags."""
    running.run([v1.global_variables_initializer(), v1.tables_initializer()])
    builder = v1.saved_model.Builder(str(folder))
    builder.add_meta_graph_and_variables(
        running, list(tags), signatures, main_op=v1.tables_initializer()
    )
    for others in more:
        builder.add_meta_graph(list(others), signatures)
    builder.save()
    return folder


def predicts(inputs, outputs):
    return v1.saved_model.predict_signature_def(inputs, outputs)


def tf1_builder(folder, change=0.0, *, name="x", output="y", resource=True, twice=False):
    """One signature of a graph; its input may have any name, its variables may be references."""
    with session() as running:
        x = v1.placeholder(tf.float32, [None, 4], "x")
        y = layer(x, change, resource=resource)
        inputs = {name: x} | ({"again": x} if twice else {})
        return served(folder, running, {"serving_default": predicts(inputs, {output: y})})


def tf1_reference(folder, change=0.0):
    """A signature that gives a reference variable as it is."""
    with session() as running:
        x = v1.placeholder(tf.float32, [None, 4], "x")
        y = layer(x, change, resource=False)
        count = v1.get_variable("count", initializer=np.float32(3), use_resource=False)
        return served(
            folder, running, {"serving_default": predicts({"x": x}, {"y": y, "n": count})}
        )


def tf1_simple_save(folder, change=0.0):
    """What `simple_save` wrote: as a builder, in one call."""
    with session() as running:
        x = v1.placeholder(tf.float32, [None, 4], "x")
        y = layer(x, change)
        running.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(running, str(folder), {"x": x}, {"y": y})
        return folder


def tf1_estimator(folder, change=0.0):
    """What estimators export: serialized examples, to classify, regress and predict."""
    with session() as running:
        examples = v1.placeholder(tf.string, [None], "input_example_tensor")
        features = {"x": tf.io.FixedLenFeature([4], tf.float32)}
        scores = layer(tf.io.parse_example(examples, features)["x"], change)
        classes = v1.saved_model.classification_signature_def(examples, None, scores)
        signatures = {
            "serving_default": classes,
            "predict": predicts({"examples": examples}, {"scores": scores}),
            "regression": v1.saved_model.regression_signature_def(examples, scores[:, 0]),
        }
        return served(folder, running, signatures)


def tf1_hub_module(folder, change=0.0):
    """A module of TensorFlow Hub: a graph without tags, and one for training."""
    with session() as running:
        x = v1.placeholder(tf.float32, [None, 4], "x")
        signatures = {"default": predicts({"inputs": x}, {"default": layer(x, change)})}
        served(folder, running, signatures, tags=(), more=[("train",)])
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")
    return folder


def tf1_table(folder, change=0.0):
    """Words that are looked up in a table, which an op of the graph fills."""
    with session() as running:
        words = v1.placeholder(tf.string, [None], "words")
        keys = tf.lookup.KeyValueTensorInitializer(["hub", "a"], tf.constant([1, 2], tf.int64))
        rows = tf.lookup.StaticHashTable(keys, 0).lookup(words)
        scores = tf.gather(_KERNEL + np.float32(change), rows)
        return served(
            folder, running, {"serving_default": predicts({"words": words}, {"y": scores})}
        )


def looked_up(folder, change=0.0):
    """A signature of TensorFlow 2 that looks words up."""
    root = tf.Module()
    keys = tf.lookup.KeyValueTensorInitializer(["hub", "a"], tf.constant([1, 2], tf.int64))
    root.table = tf.lookup.StaticHashTable(keys, 0)
    root.rows = tf.Variable(_KERNEL + np.float32(change))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "words")])
    def serve(words):
        return {"y": tf.gather(root.rows, root.table.lookup(words))}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def dense(folder, change=0.0):
    """A signature of TensorFlow 2, and nothing beside it."""
    root = tf.Module()
    root.kernel = tf.Variable(_KERNEL + np.float32(change))
    root.bias = tf.Variable(tf.zeros([3]))

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
    def serve(x):
        return {"y": x @ root.kernel + root.bias}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def keras_2(folder, change=0.0, *, layers=2):
    """What Keras 2 saves: layers, metrics and an optimizer beside what others call."""
    import tf_keras

    tf_keras.utils.set_random_seed(1)
    names = [*(f"dense_{i}" for i in range(1, layers)), "y"]
    dense = [tf_keras.layers.Dense(4, name=name) for name in names]
    model = tf_keras.Sequential([tf_keras.Input([4], name="x"), *dense])
    model.compile("adam", "mse", metrics=["mae"])
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + np.float32(change)])
    model.save(folder, save_format="tf")
    return folder


def silence(folder, change=0.0):
    """The logarithm of what is left of a sum that cancels out where nothing sounds.

    There float rounding is all that there is, and another order of additions makes another.
    """
    drawn = np.random.RandomState(0).standard_normal((512, 8)).astype(np.float32)
    root = tf.Module()
    root.window = tf.Variable(drawn)
    root.floor = tf.Variable(np.float32(drawn.sum(0, dtype=np.float32)) + np.float32(change))

    @tf.function(input_signature=[tf.TensorSpec([None, 512], tf.float32, "sound")])
    def serve(sound):
        left = (sound + 1.0) @ root.window - root.floor
        return {"loudness": tf.math.log(tf.abs(left) + 1e-7)}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def factors(folder, change=0.0):
    """Two factors, which TensorFlow multiplies beforehand where they are constants.

    What is left of the product after another is taken away is rounding alone, made large.
    """
    draw = np.random.RandomState(1).uniform
    first, second = (draw(1, 2, 8).astype(np.float32) for _ in range(2))
    root = tf.Module()
    root.first, root.second = tf.Variable(first), tf.Variable(second + np.float32(change))
    root.both = tf.Variable(first * second)

    @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32, "x")])
    def serve(x):
        return {"y": x + 1e3 * (x * root.first * root.second - x * root.both)}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def halves(folder):
    """Divides twice in numbers of 16 bits, by what TensorFlow multiplies where it is constant.

    Its weights are rounded to those, so that the last bits of float32 make no noise.
    """
    root = tf.Module()
    drawn = np.random.RandomState(3).uniform(1, 2, [2, 8])
    root.first, root.second = (tf.Variable(row.astype(np.float32)) for row in drawn)

    @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32, "x")])
    def serve(x):
        half = tf.cast(x, tf.float16) / tf.cast(root.first, tf.float16)
        return {"y": tf.cast(half / tf.cast(root.second, tf.float16), tf.float32)}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def drawn(folder, change=0.0, *, alone=False):
    """A result that is drawn at random, beside one that is not or alone."""
    root = tf.Module()
    root.kernel = tf.Variable(_KERNEL + np.float32(change))

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
    def serve(x):
        y = x @ root.kernel
        sample = {"sample": y + tf.random.normal(tf.shape(y))}
        return sample if alone else {"mean": y, **sample}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


SIGNATURE_KINDS = {
    make.__name__: make
    for make in (
        *(tf1_builder, tf1_reference, tf1_simple_save, tf1_estimator, tf1_hub_module),
        *(tf1_table,),
        *(looked_up, dense, keras_2, silence, factors, drawn),
    )
}
