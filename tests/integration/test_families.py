"""Inception and ResNet through every command, at few pixels: one in the quick suite."""

from functools import cache

import pytest
from support.compared_here import convert_here
from support.each_variant import at_few_pixels

from exporter.releases.serve.host import serving
from slim_nets.registry import variants

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("families")]

FULL = pytest.mark.full
SEED = "--checkpoint=seeded:0"
FAMILIES = [
    "inception_v1",
    pytest.param("resnet_v2_50", marks=FULL),
    pytest.param("inception_v2", marks=FULL),
    pytest.param("inception_v3", marks=FULL),
    pytest.param("resnet_v1_50", marks=FULL),
]
# One of each kind, where others like it have nothing new to say. First of all, since tests are
# ordered by the places of their parameters, and would export and convert it again.
SOME = FAMILIES[:2]
FORMATS = ("tflite", "frozen", "onnx", "openvino", "tfjs")


@pytest.fixture(scope="module", params=FAMILIES)
def variant(request):
    return at_few_pixels(variants()[request.param], 64)


@pytest.fixture(scope="module")
def flags(variant):
    size = f"--image_size={variant.image_size}"
    return [f"--variant={variant.family}", "--task=classification", SEED, size]


@pytest.fixture(scope="module")
def folder(run, flags, tmp_path_factory):
    folder = tmp_path_factory.mktemp("family") / "model"
    run("export", *flags, f"--output_dir={folder}", "--verify=false")
    return folder


@pytest.fixture(scope="module")
def report(run, flags, folder):
    """Of its verification, without which nothing is packaged."""
    return run("verify", f"--model_dir={folder}", *flags)


def test_it_equals_its_original(report, variant):
    assert report["passed"]
    groups = {check["group"] for check in report["checks"]}
    assert {"gradients", "SGD step", "training", "moving averages", "regularization"} <= groups
    drawn = {check["name"] for check in report["checks"] if check["case"] == "statistics"}
    assert bool(drawn) == (not variant.family.startswith("resnet"))
    assert not any(check["differing"] for check in report["checks"])


def test_its_contract_holds(run, slim_export, folder, tmp_path):
    given = (f"--model_dir={folder}", f"--lock={tmp_path / 'contract.json'}")
    assert slim_export("contract", "lock", *given).returncode == 0
    assert run("contract", "check", *given)["passed"]


@pytest.fixture(scope="module")
def convert(run, folder, variant, tmp_path_factory):
    """Converts the export; returns where to."""

    @cache
    def converted(*formats):
        target = tmp_path_factory.mktemp("converted")
        asked = (f"--format={','.join(formats)}", f"--output_dir={target}")
        with pytest.MonkeyPatch.context() as patch:
            convert_here(patch)
            size = f"--image_size={variant.image_size}"
            done = run("convert", f"--model_dir={folder}", *asked, size)
        assert [(row["format"], row["error"]) for row in done] == [(name, "") for name in formats]
        return target

    return converted


@pytest.mark.parametrize("variant", FAMILIES[:1], indirect=True)
def test_it_is_converted_to_the_most_used(convert):
    assert {path.name for path in convert("tflite").iterdir()} == {"tflite"}


@pytest.mark.full
def test_it_is_converted(convert):
    assert {path.name for path in convert(*FORMATS).iterdir()} == set(FORMATS)


@pytest.mark.full
@pytest.mark.parametrize("variant", SOME, indirect=True)
def test_it_is_converted_to_keras(convert):
    """Which trains, and of whose layers each network is compared elsewhere."""
    assert {path.name for path in convert("keras").iterdir()} == {"keras"}


@pytest.fixture(scope="module")
def handle(variant):
    return f"somebody/{variant.name}/classification/1"


@pytest.fixture(scope="module")
def host(run, folder, report, handle, tmp_path_factory):
    """A folder with one release, as hosts serve it."""
    root = tmp_path_factory.mktemp("host")
    where = (f"--model_dir={folder}", f"--output_dir={root / handle}")
    run("package", *where, f"--handle={handle}")
    return root


def test_it_is_released(run, host, handle, variant):
    page = (host / handle / "1.md").read_text()
    assert variant.network.words("classification").full_name in page
    assert "MobileNet" not in page
    assert run("verify-release", f"--release={host / handle}")["passed"]


HUB = """
import json, sys
import numpy as np, tensorflow as tf, tensorflow_hub as hub, tf_keras
handle, size = sys.argv[1], int(sys.argv[2])
images = np.random.RandomState(0).rand(4, size, size, 3).astype("float32")
frozen = hub.KerasLayer(handle)
assert frozen(images).shape == [4, 1001] and not frozen.trainable_weights
model = tf_keras.Sequential([
    hub.KerasLayer(handle, trainable=True, arguments=dict(batch_norm_momentum=0.9)),
    tf_keras.layers.Dense(4, activation="softmax"),
])
model.build([None, None, None, 3])
layer = model.layers[0]
before = [w.numpy() for w in layer.weights]
model.compile(tf_keras.optimizers.SGD(1e-4), "sparse_categorical_crossentropy")
model.fit(images, np.arange(4), epochs=1, verbose=0)
moved = [bool((a != b.numpy()).any()) for a, b in zip(before, layer.weights)]
print(json.dumps([len(layer.trainable_weights), len(layer.losses), sum(moved) > len(moved) / 2]))
"""


def test_it_is_served_and_fine_tuned_as_a_keras_layer(run_python, host, handle, variant, tmp_path):
    with serving(host) as url:
        cache = {"TFHUB_CACHE_DIR": str(tmp_path)}
        found = run_python(HUB, f"{url}/{handle}", min(variant.image_size), env=cache)
    shape = variant.shape("classification")
    assert found == [sum(spec.trainable for spec in shape.variables), 1, True]


@pytest.mark.full
@pytest.mark.parametrize("variant", SOME, indirect=True)
def test_its_speed_is_measured(run, folder, variant, convert):
    """Beside its conversions; how fast it is says nothing beside other tests."""
    where = (f"--model_dir={folder}", f"--image_size={variant.image_size}")
    few = ("--batch=1,2", "--threads=1", "--rounds=2")
    found = run("benchmark", *where, f"--converted={convert(*FORMATS)}", *few)
    names = {row["subject"] for row in found["measurements"]}
    assert {"SavedModel __call__", "SavedModel serving_default", *FORMATS} <= names
    assert not found["refused"]
