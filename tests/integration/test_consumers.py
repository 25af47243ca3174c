"""What people load the model with, each in a fresh process."""

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.published]

KERAS_LAYER = """
import glob, json, sys
import tensorflow as tf, tensorflow_hub as hub, tf_keras
from pathlib import Path
from exporter.photos import read

folder, photos, saved = sys.argv[1:]
images = read(sorted(Path(photos).glob("*.jpg")), (224, 224))
labels = tf.range(len(images))
tf_keras.utils.set_random_seed(1)

frozen = hub.KerasLayer(folder)
features = frozen(images)
assert features.shape == [5, 1024] and not frozen.trainable_weights

model = tf_keras.Sequential([
    hub.KerasLayer(folder, trainable=True, arguments=dict(batch_norm_momentum=0.997)),
    tf_keras.layers.Dense(5, activation="softmax"),
])
model.build([None, 224, 224, 3])
layer = model.layers[0]
moving = [w for w in layer.non_trainable_weights]
before = [w.numpy() for w in moving]
model.compile(tf_keras.optimizers.SGD(0.005), "sparse_categorical_crossentropy")
history = model.fit(images, labels, epochs=4, verbose=0).history["loss"]
model.save(saved)
again = tf_keras.models.load_model(saved, custom_objects={"KerasLayer": hub.KerasLayer})
print(json.dumps({
    "loss": history,
    "trainable": len(layer.trainable_weights),
    "moved": sum(bool((a != b.numpy()).any()) for a, b in zip(before, moving)),
    "losses": [float(x) for x in layer.losses],
    "same": bool((again.predict(images, verbose=0) == model.predict(images, verbose=0)).all()),
    "momentum": again.layers[0].get_config()["arguments"],
    "hub_load": bool((hub.load(folder)(images).numpy() == features.numpy()).all()),
    "plain_load": bool((tf.saved_model.load(folder)(images).numpy() == features.numpy()).all()),
}))
"""


def test_keras_layer_hub_load_and_plain_load(real_export, shared, tmp_path, run_python):
    found = run_python(KERAS_LAYER, real_export, shared / "photos", tmp_path / "tuned.keras")
    assert found["trainable"] == 140
    assert found["moved"] == 68
    assert found["loss"][-1] < 0.7 * found["loss"][0]
    assert len(found["losses"]) == 1
    assert 0 < found["losses"][0] < 1
    assert found["same"]
    assert found["momentum"] == {"batch_norm_momentum": 0.997}
    assert found["hub_load"]
    assert found["plain_load"]


KERAS_3 = """
import json, sys
import tensorflow as tf, keras, numpy as np
assert keras.__version__.startswith("3.")
layer = keras.layers.TFSMLayer(sys.argv[1], call_endpoint="serving_default")
images = np.random.RandomState(0).random_sample((2, 224, 224, 3)).astype("float32")
found = layer(images)["feature_vector"].numpy()
expected = tf.saved_model.load(sys.argv[1])(images).numpy()
print(json.dumps({"same": bool((found == expected).all()), "shape": found.shape}))
"""


def test_keras_3_layer(real_export, run_python):
    assert run_python(KERAS_3, real_export) == {"same": True, "shape": [2, 1024]}


HUB_MODULE = """
import json, sys
import tensorflow as tf, tensorflow_hub as hub
with tf.Graph().as_default():
    try:
        said = str(hub.Module(sys.argv[1]))
    except AttributeError as error:
        said = str(error)
print(json.dumps(said))
"""


def test_hub_module_is_gone(real_export, run_python):
    """The loader of TensorFlow 1 could not load such models; today's tensorflow_hub has none."""
    said = run_python(HUB_MODULE, real_export)
    assert said == "module 'tensorflow_hub' has no attribute 'Module'"
