"""What can be done with one's own fine-tuned model is what the topic of fine-tuning says."""

import json
import shutil

import pytest
from support.documents import rows, written
from support.every_format import FLOAT, QUANTIZED

from exporter.converters.format_table import FORMATS

SIZE = 64
VARIANT = "mobilenet_v3_small_075_224"
# Rows of the topic's table, by what they begin with, and what is made as they say.
KINDS = {
    "exported": "a `hub.KerasLayer`",
    "saved": "a `hub.KerasLayer`",
    "network": "the network alone",
    "keras_3": "a Keras 3 model",
}
BUT_KERAS = tuple(name for name in FORMATS if name != "keras")
# To what each is converted: two kinds share the formats. Keras files are made of the network alone.
ASKED = {
    "exported": FLOAT,
    "saved": QUANTIZED,
    "network": ["keras", *QUANTIZED],
    "keras_3": FLOAT,
}
# What is in the cells, and what it means.
FORMATS_TOLD = {"all formats but `keras`": BUT_KERAS, "all formats": tuple(FORMATS)}

# Rules of TensorFlow Hub's interface that it breaks.
NOT_HUBS = {
    "exported": {"R01", "R13"},
    "saved": {"R13"},
    "network": set(),
    "keras_3": {"R01", "R13"},
}

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
network = network.resolved_object
tf.saved_model.save(network, f"{folder}/network", signatures=network.signatures)
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
def test_alone_it_is_held_to_the_interface(kind, tuned, run):
    report = run("verify", f"--model_dir={tuned / kind}", status=1 if NOT_HUBS[kind] else 0)
    failed = {check["name"] for check in report["checks"] if check["status"] == "failed"}
    assert failed == NOT_HUBS[kind]
    assert told(kind)[0].endswith("alone it fails" if failed else "or alone")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_compared_and_published(kind, tuned, run, tmp_path):
    model, copy = tuned / kind, tmp_path / "copy"
    shutil.copytree(model, copy)
    report, release = tmp_path / "report", tmp_path / "release"
    assert told(kind)[0].startswith("with `--reference_dir`")
    run("verify", f"--model_dir={model}", f"--reference_dir={copy}", f"--report_dir={report}")
    flags = (f"--report_dir={report}", f"--output_dir={release}", "--handle=acme/flowers/1")
    if told(kind)[2].startswith("no: "):
        refused = run("package", f"--model_dir={model}", *flags, status=1)
        assert "does not say where the model came from" in refused
        return
    run("package", f"--model_dir={model}", *flags)
    run("publish", f"--release={release}", f"--to={tmp_path / 'hub'}")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_converted(kind, tuned, slim_export, shared, tmp_path, converts_here):
    expected = set(FORMATS_TOLD[told(kind)[1]]) & set(ASKED[kind])
    result = slim_export(
        *("convert", f"--model_dir={tuned / kind}", f"--output_dir={tmp_path / 'converted'}"),
        f"--format={','.join(ASKED[kind])}",
        # What is quantized is tried on other photographs than it was calibrated on.
        *(f"--images={shared}/photos/[gs]*.jpg", f"--calibration={shared}/photos/[bcd]*.jpg"),
        "--json",
    )
    refused = {row["format"]: row["error"] for row in json.loads(result.stdout) if row["error"]}
    # Of eight bits, those that lose too much on a network and photographs are refused.
    lost = {n for n, why in refused.items() if FORMATS[n].eight_bits and "a cosine of" in why}
    assert refused.keys() - lost == set(ASKED[kind]) - expected, refused
    assert result.returncode == (1 if refused else 0)
