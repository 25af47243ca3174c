"""What a user of an older TensorFlow does with a model: run there, by Python 3.7 and newer.

`python older_tensorflow_program.py MODEL IMAGES RESULTS` loads a SavedModel in every way that this
TensorFlow has, and writes all numbers to RESULTS (npz) and what failed to the output (JSON).
"""

import json
import sys
import tempfile

import numpy as np
import tensorflow as tf

if tf.__version__.startswith("1."):
    tf.compat.v1.enable_v2_behavior()

FOLDER, IMAGES, RESULTS = sys.argv[1:]
images = np.load(IMAGES)


def session():
    """TensorFlow 1's own loader."""
    v1 = tf.compat.v1
    with v1.Session(graph=tf.Graph()) as running:
        meta = v1.saved_model.loader.load(running, ["serve"], FOLDER)
        signature = meta.signature_def["serving_default"]
        outputs = {key: info.name for key, info in signature.outputs.items()}
        return running.run(outputs, {signature.inputs["inputs"].name: images})


def features():
    """The call, and every signature."""
    model = tf.compat.v2.saved_model.load(FOLDER)
    found = {"called": model(tf.constant(images))}
    for name, signature in model.signatures.items():
        (found[name],) = signature(tf.constant(images)).values()
    return found


def end_points():
    return tf.compat.v2.saved_model.load(FOLDER)(tf.constant(images), return_endpoints=True)


def saved_again():
    """Loaded, saved and loaded again."""
    model = tf.compat.v2.saved_model.load(FOLDER)
    with tempfile.TemporaryDirectory() as folder:
        tf.compat.v2.saved_model.save(model, folder)
        return {"called": tf.compat.v2.saved_model.load(folder)(tf.constant(images))}


def training():
    """Training mode: outputs, moving averages and gradients."""
    model = tf.compat.v2.saved_model.load(FOLDER)
    with tf.GradientTape() as tape:
        found = model(tf.constant(images), training=True, batch_norm_momentum=0.9)
        loss = tf.reduce_sum(found * found) + model.regularization_losses[0]()
    trained = {v.name: v for v in model.trainable_variables}
    gradients = {"gradient of " + n: g for n, g in tape.gradient(loss, trained).items()}
    return dict(gradients, features=found, loss=loss, **{v.name: v for v in model.variables})


def fine_tuning():
    """hub.KerasLayer in a model that is fitted, as pages say."""
    import tensorflow_hub as hub

    layer = hub.KerasLayer(FOLDER, trainable=True, arguments={"batch_norm_momentum": 0.9})
    dense = tf.keras.layers.Dense(3, "softmax", kernel_initializer="zeros")
    model = tf.keras.Sequential([layer, dense])
    model.build([None, *images.shape[1:]])
    model.compile(tf.keras.optimizers.SGD(0.005), "sparse_categorical_crossentropy")
    labels = np.arange(len(images)) % 3
    history = model.fit(images, labels, len(images), epochs=2, shuffle=False, verbose=0)
    weights = {v.name: v for v in model.weights}
    assert len(weights) == len(model.weights)
    return dict(weights, losses=history.history["loss"], predicted=model.predict(images))


said = {"version": tf.__version__}
arrays = {}
for stage in (session, features, end_points, saved_again, training, fine_tuning):
    name = stage.__name__
    try:
        found = {key: np.asarray(value) for key, value in stage().items()}
        arrays.update({name + "|" + key: value for key, value in found.items()})
        said[name] = ""
    except Exception as error:  # noqa: BLE001  (whatever an older TensorFlow raises)
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        said[name] = type(error).__name__ + ": " + lines[0][:300]
np.savez(RESULTS, **arrays)
print(json.dumps(said))  # noqa: T201
