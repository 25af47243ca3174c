"""A small MobileNet V1, of images of any size, and a small V2, through what people do with them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support import converted, nodejs

from exporter import quiet
from exporter.converters.format_table import FORMATS as TABLE
from exporter.releases.serve.host import serving
from exporter.verifier.rules.checking import RulesBeside
from slim_nets.registry import variants

pytestmark = pytest.mark.integration

SIZE = 64
# Smaller than the usual one, and not square, as the verifier tries it.
OTHER = (48, 32)
NAMES = ("mobilenet_v1_025_128", "mobilenet_v2_035_96")
# Each on the worker that exports it.
MEMBERS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]
FORMATS = ("frozen", "keras", "onnx", "openvino", "tflite", "tfjs")
# V2 has no layer that V3 has not, so one format of it is quick.
CONVERTED = [
    pytest.param(
        *(name, row),
        marks=(
            pytest.mark.xdist_group(name),
            *([nodejs.needed] if row == "tfjs" else []),
            *([pytest.mark.full] if "v2" in name and row != "keras" else []),
        ),
    )
    for name in NAMES
    for row in FORMATS
]


@dataclass(frozen=True)
class Member:
    """One of the two, exported."""

    folder: Path
    flags: tuple[str, ...]
    variant: str
    name: str
    any_size: bool

    @property
    def sizes(self):
        return [(SIZE, SIZE), *([OTHER] if self.any_size else [])]


def images(size, count=2):
    return np.random.RandomState(0).random_sample((count, *size, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def members(run, tmp_path_factory):
    """Exports each once, however its tests are ordered."""

    @cache
    def member(variant):
        folder = tmp_path_factory.mktemp("member") / "model"
        chosen = (f"--variant={variant}", "--task=classification", "--checkpoint=seeded:0")
        flags = (*chosen, f"--image_size={SIZE}")
        said = run("export", *flags, f"--output_dir={folder}")
        assert said["verification"]["passed"]
        assert said["variant"] == f"{variant.rpartition('_')[0]}_{SIZE}"
        return Member(folder, flags, variant, said["variant"], "v1" in variant)

    return member


@pytest.fixture(params=MEMBERS)
def member(request, members):
    return members(request.param)


@pytest.mark.full
def test_it_equals_its_original(run, member, monkeypatch):
    """In more than an export waits for."""
    sizes = []
    begin = RulesBeside.begin
    monkeypatch.setattr(RulesBeside, "begin", lambda *a: [begin(*a), sizes.extend(a[-1])])
    report = run("verify", f"--model_dir={member.folder}", *member.flags)
    assert not any(check["differing"] for check in report["checks"])
    shape = variants()[member.variant].shape("classification")
    trained = {check["name"] for check in report["checks"] if check["group"] == "gradients"}
    assert trained == {v.name for v in shape.variables if v.trainable}
    stepped = {check["name"] for check in report["checks"] if check["group"] == "SGD step"}
    assert stepped >= {v.name for v in shape.variables}
    elsewhere = {c["group"] for c in report["checks"] if "48x32 pixels" in c["case"]}
    expected = {"outputs", "end points", "moving averages"} if member.any_size else set()
    assert elsewhere == expected
    # The rules are checked on images of the same sizes.
    assert sizes == member.sizes


@pytest.mark.parametrize("member", MEMBERS[:1], indirect=True)
def test_a_mean_of_so_many_pixels_is_caught(run, member, tmp_path, monkeypatch):
    """It equals the original at the usual size, and nowhere else."""
    import tensorflow as tf

    from slim_nets.layers.tf import TfLayers

    def divided_by_four(_, x):
        return tf.reduce_sum(x, [1, 2], keepdims=True) * 0.25

    monkeypatch.setattr(TfLayers, "spatial_mean", divided_by_four)
    said = run("export", *member.flags, f"--output_dir={tmp_path / 'mutant'}", status=1)
    assert "first in end points 'MobilenetV1/global_pool (batch 1, 48x32 pixels)'" in said
    assert not (tmp_path / "mutant").exists()


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


def close(found, expected):
    """Float noise, of networks of random weights, and kernels that sum in another order."""
    return np.abs(found - expected).max() < 3e-5 * np.abs(expected).max()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(("member", "name"), CONVERTED, indirect=["member"])
def test_converted(member, name, tmp_path):
    """With sizes free where they are, and right at each."""
    from exporter.converters.source_model import source_of

    source = source_of(member.folder)
    target = converted.convert(name, source, tmp_path / name)
    with TABLE[name].converter.opened(target, None) as opened:
        for size in member.sizes:
            for count in (1, 3):
                given = images(size, count)
                expected = source.expected([given])["logits"]
                assert close(opened({"inputs": given})["logits"], expected)


@pytest.mark.full
def test_conversions_are_verified(run, member, tmp_path, converts_here):
    """By the command: at two sizes where any fits, and Keras in training mode."""
    where = (f"--model_dir={member.folder}", f"--output_dir={tmp_path}")
    rows = run("convert", *where, f"--format={','.join(FORMATS)}")
    assert [row["error"] for row in rows] == [""] * len(FORMATS)
    for row in rows:
        cases = {c["case"] for c in row["report"]["checks"] if c["group"] == "outputs"}
        # The model does not say at which size it was exported: another than its usual one.
        assert any("96x64 pixels" in case for case in cases) == member.any_size


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
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
    assert source.name == "mobilenet_v1_025_48x32"
    target = converted.convert(name, source, tmp_path / name)
    found = converted.run(name, target, {"inputs": images(OTHER)})["logits"]
    expected = source.expected([images(OTHER)])["logits"]
    assert close(found, expected)
    if name == "tflite":
        from ai_edge_litert.interpreter import Interpreter

        (taken,) = Interpreter(model_path=str(target)).get_input_details()
        assert taken["shape_signature"].tolist() == [-1, *OTHER, 3]
    else:
        with pytest.raises(Exception, match=r"."):
            converted.run(name, target, {"inputs": images((64, 64))})
