"""A small MobileNet V1, of images of any size, and a small V2, through what people do with them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support import converted, nodejs

from exporter import quiet
from exporter.releases.serve.host import serving

pytestmark = pytest.mark.integration

SIZE = 64
# Smaller than the usual one, and not square, as the verifier tries it.
OTHER = (48, 40)
NAMES = ("mobilenet_v1_025_128", "mobilenet_v2_035_96")
# Each on the worker that exports it.
MEMBERS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]
FORMATS = [
    *("frozen", "keras", "onnx", "openvino", "tflite"),
    pytest.param("tfjs", marks=nodejs.needed),
]


@dataclass(frozen=True)
class Member:
    """One of the two, exported."""

    folder: Path
    flags: tuple[str, ...]
    name: str
    any_size: bool

    @property
    def sizes(self):
        return [(SIZE, SIZE), *([OTHER] if self.any_size else [])]


def images(size, count=2):
    return np.random.RandomState(0).random_sample((count, *size, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=MEMBERS)
def member(request, run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("member") / "model"
    chosen = (f"--variant={request.param}", "--task=classification", "--checkpoint=seeded:0")
    flags = (*chosen, f"--image_size={SIZE}")
    said = run("export", *flags, f"--output_dir={folder}")
    assert said["verification"]["passed"]
    name = f"{request.param.rpartition('_')[0]}_{SIZE}"
    assert said["variant"] == name
    return Member(folder, flags, name, "v1" in name)


def test_what_the_export_waited_for(run, member):
    """Everything, in full."""
    report = run("verify", f"--model_dir={member.folder}", *member.flags)
    assert not any(check["differing"] for check in report["checks"])
    elsewhere = {c["group"] for c in report["checks"] if "48x40 pixels" in c["case"]}
    expected = {"outputs", "end points", "moving averages"} if member.any_size else set()
    assert elsewhere == expected


@pytest.mark.parametrize("member", MEMBERS[:1], indirect=True)
def test_a_pool_of_one_size_is_caught(run, member, tmp_path, monkeypatch):
    """It equals the original at the usual size, and nowhere else."""
    import tensorflow as tf

    from slim_nets.layers.tf import TfLayers

    def first_pixels(_, x):
        side = SIZE // 32
        return tf.reduce_mean(x[:, :side, :side], [1, 2], keepdims=True)

    folder = f"--output_dir={tmp_path / 'mutant'}"
    monkeypatch.setattr(TfLayers, "spatial_mean", first_pixels)
    run("export", *member.flags, folder, "--verify=false")
    monkeypatch.undo()
    report = run("verify", f"--model_dir={tmp_path / 'mutant'}", *member.flags, status=1)
    failed = [check for check in report["checks"] if check["status"] == "failed"]
    assert {check["case"] for check in failed if check["group"] == "end points"} == {
        "batch 1, 48x40 pixels",
        "batch 3, 48x40 pixels",
    }
    names = {check["name"] for check in failed if check["group"] == "end points"}
    assert names == {"default", *(f"MobilenetV1/{n}" for n in ("global_pool", *LOGITS))}


LOGITS = ("Logits", "Predictions")


def test_its_contract(run, slim_export, member, tmp_path):
    lock = f"--lock={tmp_path / 'contract.json'}"
    model = f"--model_dir={member.folder}"
    assert slim_export("contract", "lock", model, lock).returncode == 0
    assert run("contract", "check", model, lock)["passed"]


def test_released_served_and_fine_tuned(run, member, tmp_path, monkeypatch):
    quiet.import_tensorflow()
    import tensorflow as tf
    import tensorflow_hub as hub
    import tf_keras

    handle = f"somebody/{member.name}/classification/1"
    place = tmp_path / "host" / handle
    where = (f"--model_dir={member.folder}", f"--output_dir={place}")
    packaged = run("package", *where, f"--handle={handle}")
    assert f"--image_size={SIZE}" in packaged["rebuild"]
    assert run("verify-release", f"--release={place}")["passed"]
    page = (place / "1.md").read_text()
    assert f"model.build([None, {SIZE}, {SIZE}, 3])" in page
    assert ("other sizes are possible" in page) == member.any_size
    with serving(tmp_path / "host") as host:
        monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
        url = f"{host}/{handle}"
        frozen = hub.KerasLayer(url)
        tuned = hub.KerasLayer(url, trainable=True, arguments={"batch_norm_momentum": 0.5})
    plain = tf.saved_model.load(str(member.folder))
    for size in member.sizes:
        given = images(size)
        np.testing.assert_array_equal(frozen(given), plain(given))
        assert frozen(given).shape == [2, 1001]
    assert not frozen.trainable_weights
    model = tf_keras.Sequential([tuned, tf_keras.layers.Dense(3, activation="softmax")])
    model.compile(tf_keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    before = {weight.name: weight.numpy() for weight in tuned.weights}
    for size in member.sizes:
        model.fit(images(size, 4), np.arange(4) % 3, epochs=1, verbose=0)
    same = {w.name for w in tuned.weights if (before[w.name] == w.numpy()).all()}
    # Another batch norm takes away what these add: their gradients are nothing but rounding.
    assert all(name.endswith("project/BatchNorm/beta:0") for name in same)
    assert len(tuned.losses) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_converted(member, name, tmp_path):
    """With sizes free where they are, and right at each."""
    from exporter.converters.source_model import source_of

    source = source_of(member.folder)
    target = converted.convert(name, source, tmp_path / name)
    report = converted.report(name, member.folder, target)
    assert report.passed, report.verdict()
    cases = {check.case for check in report.checks if check.group == "outputs"}
    assert any("pixels" in case for case in cases) == member.any_size
    for size in member.sizes:
        found = converted.run(name, target, {"inputs": images(size, 3)})["logits"]
        expected = source.expected([images(size, 3)])["logits"]
        assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize(
    "name",
    [
        "tflite",
        *(pytest.param(n, marks=pytest.mark.full) for n in ("frozen", "keras", "onnx", "openvino")),
    ],
)
@pytest.mark.parametrize("member", MEMBERS[:1], indirect=True)
def test_converted_at_a_fixed_size(member, name, tmp_path):
    """Which the file then insists on."""
    from exporter.converters.source_model import source_of

    source = source_of(member.folder, OTHER)
    assert source.name == "mobilenet_v1_025_48x40"
    target = converted.convert(name, source, tmp_path / name)
    found = converted.run(name, target, {"inputs": images(OTHER)})["logits"]
    expected = source.expected([images(OTHER)])["logits"]
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    if name == "tflite":
        from ai_edge_litert.interpreter import Interpreter

        (taken,) = Interpreter(model_path=str(target)).get_input_details()
        assert taken["shape_signature"].tolist() == [-1, *OTHER, 3]
    else:
        with pytest.raises(Exception, match=r"."):
            converted.run(name, target, {"inputs": images((64, 64))})
