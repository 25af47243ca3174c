"""Checkpoints of other people's trainings: under other names, quantization-aware, not of ours."""

import json

import numpy as np
import pytest
from support import short_network
from support.checkpoints import renamed, write_checkpoint

from exporter import quiet
from slim_nets.registry import variants

pytestmark = pytest.mark.integration

NETWORK = (short_network.VARIANT, "classification")
FLAGS = ("--task=classification", f"--variant={short_network.VARIANT}")
HANDLE = f"me/{short_network.VARIANT}/classification/1"
SCOPE = "--checkpoint_scope=FeatureExtractor"
AVERAGED = "Short/Conv/weights"


@pytest.fixture(scope="module")
def weights():
    quiet.import_tensorflow()
    from checkpoints import seeded

    shape = variants()[short_network.VARIANT].shape("classification")
    return seeded.draw({v.name: v.shape for v in shape.variables}, 2)


@pytest.fixture(scope="module")
def plain(export, weights, tmp_path_factory):
    """Returns the digest of the export of the weights under the network's own names."""
    folder = tmp_path_factory.mktemp("plain")
    prefix = write_checkpoint(folder / "m", weights)
    return export(*NETWORK, prefix, folder / "o", "--verify=false")["digest"]


def test_below_a_scope(export, slim_export, weights, plain, tmp_path):
    stored = renamed(weights, "FeatureExtractor/{}")
    average = f"FeatureExtractor/{AVERAGED}"
    stored[f"{average}/ExponentialMovingAverage"] = stored[average]
    stored[average] = stored[average] + np.float32(1)
    stored["global_step"] = np.int64(9)
    prefix = write_checkpoint(tmp_path / "train" / "model.ckpt-9", stored)
    said = export(*NETWORK, prefix, tmp_path / "model", f"{SCOPE}/")
    assert said["verification"]["passed"]
    assert said["verification"]["origin"]["restoring"]["checkpoint_scope"] == "FeatureExtractor"
    assert (said["digest"], said["moving_averages"], said["unused_tensors"]) == (plain, 1, 2)
    given = ("verify", *FLAGS, f"--model_dir={tmp_path / 'model'}", f"--checkpoint={prefix}")
    refused = slim_export(*given)
    assert refused.returncode == 1
    assert refused.stderr.endswith("Use --checkpoint_scope=FeatureExtractor.\n")


@pytest.mark.full
def test_verified_below_a_scope(slim_export, tmp_path):
    """With the toy, which is soon verified in full."""
    quiet.import_tensorflow()
    from checkpoints import seeded

    shapes = {v.name: v.shape for v in variants()["toy_100_32"].shape("feature_vector").variables}
    weights = seeded.draw(shapes, 3)
    averages = renamed(weights, "FeatureExtractor/{}/ExponentialMovingAverage")
    raw = {f"FeatureExtractor/{name}": value + 1 for name, value in weights.items()}
    given = (
        *("--variant=toy_100_32", "--task=feature_vector", SCOPE),
        f"--checkpoint={write_checkpoint(tmp_path / 'm', raw | averages)}",
    )
    model = tmp_path / "model"
    made = slim_export("export", *given, f"--output_dir={model}", "--verify=false")
    assert "moving averages" in made.stdout
    assert "from below FeatureExtractor/" in made.stdout
    verified = slim_export("verify", *given, f"--model_dir={model}")
    assert (verified.returncode, verified.stderr) == (0, "")
    other = slim_export("verify", *given, f"--model_dir={model}", "--nouse_moving_averages")
    assert other.returncode == 1


@pytest.mark.full
def test_with_an_outputs_number(slim_export, weights, plain, tmp_path):
    prefix = write_checkpoint(tmp_path / "m", renamed(weights, "{}:0"))
    given = ("export", *FLAGS, f"--checkpoint={prefix}", f"--output_dir={tmp_path / 'o'}")
    result = slim_export(*given)
    assert (result.returncode, result.stderr) == (0, "")
    assert "77 of them named with ':0', which is left out" in result.stdout
    assert f"sha256 {plain}" in result.stdout


def test_quantization_aware_training(slim_export, weights, tmp_path):
    """It becomes a float model on request, which says so wherever it goes."""
    kinds = [f"Short/Conv/{kind}_quant" for kind in ("weights", "act")]
    ranges = {f"{kind}/{end}": np.float32(6) for kind in kinds for end in ("min", "max")}
    prefix = write_checkpoint(tmp_path / "m", weights | ranges)
    model = tmp_path / "o"
    given = ("export", *FLAGS, f"--checkpoint={prefix}", f"--output_dir={model}")
    refused = slim_export(*given)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is one of quantization-aware training: expected a float network's" in refused.stderr
    assert not model.exists()
    done = slim_export(*given, "--ignore_fake_quant")
    assert (done.returncode, done.stderr) == (0, "")
    says = "weights of quantization-aware training, computed in float without its rounding"
    assert f"{says} (4 ranges)" in done.stdout
    release = tmp_path / "release"
    packaged = slim_export(
        "package", f"--model_dir={model}", f"--output_dir={release}", f"--handle={HANDLE}"
    )
    assert packaged.returncode == 0, packaged.stderr
    manifest = json.loads((release / "manifest.json").read_text())
    assert manifest["rebuild"].endswith(" --ignore_fake_quant")
    assert f"\nThey are {says}.\n" in (release / "1.md").read_text()


def test_what_is_no_checkpoint_of_ours(slim_export, weights, tmp_path):
    quiet.import_tensorflow()
    import tensorflow as tf

    kernel = tf.Variable(weights[AVERAGED])
    objects = tf.train.Checkpoint(kernel=kernel).write(str(tmp_path / "objects"))
    half = {name: value.astype(np.float16) for name, value in weights.items()}
    halved = write_checkpoint(tmp_path / "half", half)
    for prefix, said in (
        (objects, "is object-based, as tf.train.Checkpoint, Keras and SavedModels of"),
        (halved, "has float16 weights in 77 of 77 variables: variable 'Short/Conv/B"),
    ):
        refused = slim_export(
            "export", *FLAGS, f"--checkpoint={prefix}", f"--output_dir={tmp_path / 'o'}"
        )
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"slim-export: Checkpoint '{prefix}' {said}")


def test_state_file_of_another_machine(export, weights, plain, tmp_path):
    write_checkpoint(tmp_path / "train" / "model.ckpt-100", {"other": np.float32(0)})
    write_checkpoint(tmp_path / "train" / "model.ckpt-200", weights)
    state = tmp_path / "train" / "checkpoint"
    state.write_text('model_checkpoint_path: "C:\\\\Users\\\\joe\\\\train\\\\model.ckpt-200"\n')
    said = export(*NETWORK, state, tmp_path / "o", "--verify=false")
    assert said["digest"] == plain


def test_report_that_cannot_be_kept(slim_export, tmp_path):
    """The model is there all the same; what fails later is said now."""
    cache = tmp_path / "cache"
    cache.touch()
    model = tmp_path / "o"
    result = slim_export(
        *("export", "--variant=toy_100_32", "--task=feature_vector", "--checkpoint=seeded:0"),
        *(f"--output_dir={model}", "--json"),
        env={"SLIM_EXPORT_CACHE_DIR": str(cache)},
    )
    assert result.returncode == 0
    assert json.loads(result.stdout)["verification"]["passed"]
    assert result.stderr == (
        f"slim-export: Verification of '{model}' cannot be kept for 'slim-export package': expected"
        f" a folder '{cache / 'reports'}' that can be written, found: Not a directory. Set"
        " SLIM_EXPORT_CACHE_DIR to another folder and verify again, or package with a --report_dir"
        " that 'slim-export verify' has written.\n"
    )
