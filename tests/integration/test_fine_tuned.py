"""What can be done with one's own fine-tuned model is what the topic of fine-tuning says."""

import json
import shutil

import pytest
from support.documents import rows, written

from exporter.converters.format_table import FORMATS

SIZE = 128
VARIANT = "mobilenet_v3_small_075_224"
# Rows of the topic's table, by what they begin with, and what is made as they say.
KINDS = {
    "exported": "a `hub.KerasLayer`",
    "saved": "a `hub.KerasLayer`",
    "network": "the network alone",
    "keras_3": "a Keras 3 model",
}
BUT_KERAS = tuple(name for name in FORMATS if name != "keras")
# What is in the cells, and what it means.
FORMATS_TOLD = {"all formats but `keras`": BUT_KERAS, "all formats": tuple(FORMATS)}

# Both read the photographs with the names that follow their folder.
KERAS_2 = """
import sys
import tensorflow as tf, tensorflow_hub as hub, tf_keras
from pathlib import Path
from exporter.photos import read

source, size, photos, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
images = read(sorted(photos.glob("*.jpg")), (size, size))
network = hub.KerasLayer(source, trainable=True, arguments=dict(batch_norm_momentum=0.99))
model = tf_keras.Sequential([network, tf_keras.layers.Dense(5)])
model.build([None, size, size, 3])
loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(tf_keras.optimizers.SGD(0.01), loss)
model.fit(images, tf.range(len(images)), epochs=2, verbose=0)
model.export(f"{folder}/exported")
tf.saved_model.save(model, f"{folder}/saved")
tf.saved_model.save(network.resolved_object, f"{folder}/network")
print("{}")
"""
KERAS_3 = """
import sys
import keras, numpy as np
from pathlib import Path
from exporter.photos import read

source, size, photos, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
images = read(sorted(photos.glob("*.jpg")), (size, size))
model = keras.Sequential([keras.models.load_model(source), keras.layers.Dense(5)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
model.fit(images, np.arange(len(images)), epochs=2, verbose=0)
model.export(f"{folder}/keras_3", verbose=False)
print("{}")
"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.published,
    pytest.mark.full,
    pytest.mark.xdist_group("fine-tuned"),
]


@pytest.fixture(scope="module")
def tuned(slim_export, export, run_python, real_checkpoint, shared, tmp_path_factory):
    """Fine-tunes the real weights under Keras 2 and 3: a folder with a model of each kind."""
    folder = tmp_path_factory.mktemp("tuned")
    flags = (f"--image_size={SIZE}", "--verify=false")
    export(VARIANT, "feature_vector", real_checkpoint, folder / "model", *flags)
    flags = (f"--model_dir={folder / 'model'}", f"--output_dir={folder / 'converted'}")
    converted = slim_export("convert", "--format=keras", *flags)
    assert converted.returncode == 0, converted.stderr
    run_python(KERAS_2, folder / "model", SIZE, shared / "photos", folder)
    run_python(KERAS_3, folder / "converted/keras/model.keras", SIZE, shared / "photos", folder)
    return folder


def told(kind):
    """Returns the topic's row of a kind: what can be verified, converted, published."""
    (row,) = [r for r in rows(written("fine-tuning"), "| you have") if r[0].startswith(KINDS[kind])]
    return row[1:]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_verified_and_published(kind, tuned, slim_export, tmp_path):
    model, copy = tuned / kind, tmp_path / "copy"
    shutil.copytree(model, copy)
    verify = ("verify", f"--model_dir={model}")
    reports = (f"--report_dir={tmp_path / 'alone'}", f"--report_dir={tmp_path / 'report'}")
    for flags in ((reports[0],), (f"--reference_dir={copy}", reports[1])):
        verified = slim_export(*verify, *flags)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    package = ("package", f"--model_dir={model}", "--handle=acme/flowers/1")
    for name in ("alone", "report"):
        release = tmp_path / f"release of {name}"
        flags = (f"--report_dir={tmp_path / name}", f"--output_dir={release}")
        packaged = slim_export(*package, *flags)
        assert packaged.returncode == 0, packaged.stderr
    published = slim_export("publish", f"--release={release}", f"--to={tmp_path / 'hub'}")
    assert published.returncode == 0, published.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_converted(kind, tuned, slim_export, shared, tmp_path):
    expected = FORMATS_TOLD[told(kind)[1]]
    result = slim_export(
        *("convert", f"--model_dir={tuned / kind}", f"--output_dir={tmp_path / 'converted'}"),
        f"--format={','.join(FORMATS)}",
        # What is quantized is tried on other photographs than it was calibrated on.
        *(f"--images={shared}/photos/[gs]*.jpg", f"--calibration={shared}/photos/[bcd]*.jpg"),
        "--json",
    )
    found = json.loads(result.stdout)
    assert [row["format"] for row in found if not row["error"]] == list(expected), result.stderr
    assert result.returncode == (0 if len(expected) == len(FORMATS) else 1)
