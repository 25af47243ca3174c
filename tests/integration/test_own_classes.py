"""A checkpoint of one's own training run, with classes of one's own, goes through every command."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from support import short_network
from support.checkpoints import write_checkpoint

from checkpoints import seeded
from exporter.releases.serve.host import serving
from slim_nets.registry import variants

SIZE = "64x96"
NETWORK = [f"--variant={short_network.VARIANT}", "--task=classification", f"--image_size={SIZE}"]
HANDLE = "somebody/flowers/classification/1"
LOGITS = "Short/Logits/Conv2d_1c_1x1/"

pytestmark = pytest.mark.integration


def of_classes(classes, features=128):
    """Draws weights with logits of so many classes."""
    shape = variants()[short_network.VARIANT].shape("feature_vector")
    random = np.random.RandomState(classes)
    return seeded.draw({v.name: v.shape for v in shape.variables}, 7) | {
        f"{LOGITS}weights": random.randn(1, 1, features, classes).astype(np.float32) / 30,
        f"{LOGITS}biases": random.randn(classes).astype(np.float32),
    }


def as_trained(weights):
    """Adds what a training run saves beside the weights: slots, shadows and the step."""
    trained = {k: v for k, v in weights.items() if "moving_" not in k}
    slots = {f"{name}/RMSProp_1": np.zeros_like(value) for name, value in trained.items()}
    shadows = {f"{n}/ExponentialMovingAverage": v * np.float32(0.9) for n, v in trained.items()}
    return weights | slots | shadows | {"global_step": np.int64(200)}


@pytest.fixture(scope="module", params=[5, pytest.param(1000, marks=pytest.mark.full)])
def classes(request):
    return request.param


@pytest.fixture(scope="module")
def trained(classes, tmp_path_factory):
    """The folder of a training run on another machine, with two checkpoints."""
    folder = tmp_path_factory.mktemp("trained")
    weights = of_classes(classes)
    for step in (100, 200):
        write_checkpoint(folder / f"model.ckpt-{step}", as_trained(weights))
    (folder / "checkpoint").write_text(
        'model_checkpoint_path: "C:\\\\Users\\\\joe\\\\train\\\\model.ckpt-200"\n'
        'all_model_checkpoint_paths: "C:\\\\Users\\\\joe\\\\train\\\\model.ckpt-100"\n'
        'all_model_checkpoint_paths: "C:\\\\Users\\\\joe\\\\train\\\\model.ckpt-200"\n'
    )
    return folder


@pytest.fixture(scope="module")
def labels(classes, tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "names.txt"
    path.write_text("".join(f"flower {number}\n" for number in range(classes)))
    return path


@pytest.fixture(scope="module")
def model(run, trained, labels, classes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "model"
    given = [*NETWORK, f"--checkpoint={trained}", f"--labels={labels}"]
    said = run("export", *given, f"--output_dir={folder}")
    assert (said["num_classes"], said["variables"]) == (classes, 77)
    # Weights, gammas, betas and biases have shadows, moving averages none.
    assert said["moving_averages"] == 51
    checks = said["verification"]["checks"]
    assert {check["group"] for check in checks} >= {"outputs", "end points", "moving averages"}
    assert not any(check["differing"] for check in checks)
    assert {check["status"] for check in checks} == {"passed"}
    return folder


@pytest.mark.full
def test_it_equals_its_original_once_more(run, model, trained):
    report = run("verify", f"--model_dir={model}", *NETWORK, f"--checkpoint={trained}")
    assert report["passed"]
    assert not any(check["differing"] for check in report["checks"])


def test_it_is_used_and_fine_tuned_with_its_labels(model, classes):
    import tensorflow_hub as hub
    import tf_keras

    loaded = tf.saved_model.load(str(model))
    images = np.random.RandomState(0).rand(4, 64, 96, 3).astype(np.float32)
    assert loaded(images).shape == [4, classes]
    names = Path(loaded.labels.asset_path.numpy().decode()).read_text().splitlines()
    assert names == [f"flower {number}" for number in range(classes)]
    layer = hub.KerasLayer(str(model), trainable=True)
    network = tf_keras.Sequential([layer])
    network.build([None, 64, 96, 3])
    network.compile("sgd", tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = layer.variables[0].numpy()
    network.fit(images, np.arange(4), epochs=1, verbose=0)
    assert (layer.variables[0].numpy() != before).any()


@pytest.mark.parametrize(
    "formats", ["tflite_metadata", pytest.param("onnx,keras", marks=pytest.mark.full)]
)
def test_it_is_converted(run, model, tmp_path, converts_here, formats):
    given = [f"--model_dir={model}", f"--output_dir={tmp_path}", f"--format={formats}"]
    assert not any(conversion["error"] for conversion in run("convert", *given))
    if "tflite_metadata" not in formats:
        return
    with zipfile.ZipFile(tmp_path / "tflite_metadata/model.tflite") as archive:
        assert archive.read("labels.txt") == (model / "assets/labels.txt").read_bytes()


def test_it_is_packaged_and_served(run, model, classes, tmp_path):
    release = tmp_path / HANDLE
    run("package", f"--model_dir={model}", f"--handle={HANDLE}", f"--output_dir={release}")
    assert run("verify-release", f"--release={release}")["passed"]
    manifest = json.loads((release / "manifest.json").read_text())
    assert manifest["image_size"] == [64, 96]
    assert "--image_size=64x96" in manifest["rebuild"]
    assert "--labels=labels.txt" in manifest["rebuild"]
    page = (release / "1.md").read_text()
    assert f"Classifies images into {classes} classes" in page
    assert "background" not in page
    assert f"`num_classes` = {classes}" in page
    assert "model.build([None, 64, 96, 3])" in page
    assert "network.labels.asset_path" in page
    import tensorflow_hub as hub

    with pytest.MonkeyPatch.context() as patch, serving(tmp_path) as host:
        patch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
        loaded = hub.load(f"{host}/{HANDLE}")
    assert loaded(np.zeros([1, 64, 96, 3], np.float32)).shape == [1, classes]


def test_its_contract_knows_its_classes(run, slim_export, model, classes, tmp_path):
    lock = tmp_path / "contract.json"
    assert slim_export("contract", "lock", f"--model_dir={model}", f"--lock={lock}").returncode == 0
    assert run("contract", "check", f"--model_dir={model}", f"--lock={lock}")["passed"]
    other = tmp_path / "other"
    given = [*NETWORK, "--checkpoint=seeded:0", f"--num_classes={classes + 1}", "--verify=false"]
    assert run("export", *given, f"--output_dir={other}")["num_classes"] == classes + 1
    broken = run("contract", "check", f"--model_dir={other}", f"--lock={lock}", status=1)
    assert "labels.txt" in json.dumps(broken["differences"])
    assert f"{LOGITS}weights" in json.dumps(broken["differences"])


def test_a_multiplied_last_layer_is_exported_as_it_is(slim_export, tmp_path):
    """Against the graph that has it, and said."""
    weights = of_classes(5, features=96)
    random = np.random.RandomState(1)
    weights["Short/Conv_2/weights"] = random.randn(1, 1, 72, 96).astype(np.float32) / 8
    weights["Short/Conv_2/biases"] = random.randn(96).astype(np.float32)
    checkpoint = write_checkpoint(tmp_path / "model.ckpt", weights)
    given = [*NETWORK, f"--checkpoint={checkpoint}", f"--output_dir={tmp_path / 'model'}"]
    result = slim_export("export", *given)
    assert result.returncode == 0, result.stderr
    assert "last layer multiplied, TF-Slim's default" in result.stdout
    assert "5 classes" in result.stdout
    assert "background" not in result.stdout
    assert "failed" not in result.stdout
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    assert loaded.signatures["serving_default"].structured_outputs["logits"].shape == [None, 5]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--num_classes=7"], "has another number of classes: expected 7, found 5. Leave out"),
        (["--labels={three}"], "expected 5 lines, as many as it has classes, found 3. Correct"),
        (["--labels={three}", "--task=feature_vector"], "are of no use for a feature_vector"),
        (["--labels={missing}"], "cannot be read: expected text with a class a line, found"),
        (["--task=feature_vector", "--num_classes=7"], "expected 7, found 5. Leave out"),
    ],
)
def test_what_does_not_agree_is_refused(slim_export, tmp_path, flags, message):
    checkpoint = write_checkpoint(tmp_path / "model.ckpt", of_classes(5))
    (tmp_path / "three").write_text("a\nb\nc\n")
    places = {name: tmp_path / name for name in ("three", "missing")}
    given = [f"--checkpoint={checkpoint}", *(flag.format(**places) for flag in flags)]
    result = slim_export("export", *NETWORK, *given, f"--output_dir={tmp_path / 'model'}")
    assert result.returncode == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "model").exists()
