"""Our export of the real weights against the SavedModel that Google published."""

import json

import numpy as np
import pytest

from exporter import quiet
from exporter.verifier.noise.conditions import CONDITIONS

pytestmark = [pytest.mark.numerics, pytest.mark.published]

EXPECTED = {
    "weights": 208 + 2,
    "outputs": 3 * 3,
    "end points": 49 * 2,
    "frozen": 3 + 2,
    "training": 49 + 1,
    "moving averages": 68 * 5,
    "gradients": 140 * (2 + 2),
    "SGD step": 140 + 68 + 2,
    "dropout": 2,
    "regularization": 1 + 42,
}


@pytest.fixture(scope="module")
def model(real_export):
    quiet.import_tensorflow()
    import tensorflow as tf

    return tf.saved_model.load(str(real_export))


def verify(slim_export, *arguments):
    result = slim_export("verify", "--json", *arguments)
    assert result.stderr == "", result.stderr
    assert result.returncode == 0
    report = json.loads(result.stdout)
    counts = {}
    for check in report["checks"]:
        assert check["status"] in ("passed", "skipped"), check
        assert (check["differing"], check["max_abs"], check["allowance"]) == (0, 0, 0)
        counts[check["group"]] = counts.get(check["group"], 0) + 1
    assert report["settings"]["allowance"] == "exact"
    assert report["settings"]["variant"] == "mobilenet_v3_small_075_224"
    return report, counts


def test_our_export_equals_googles(slim_export, real_export, published_model, shared, tmp_path):
    """Also the report in all its forms, with the reference's own noise in it."""
    report, counts = verify(
        slim_export,
        f"--model_dir={real_export}",
        f"--reference_dir={published_model}",
        f"--images={shared}/photos/*.jpg",
        f"--report_dir={tmp_path / 'report'}",
    )
    assert counts == EXPECTED | {"interface": 27 + 3}
    assert len(report["settings"]["images"]) == 7 + 5
    assert json.loads((tmp_path / "report/report.json").read_text())["digest"] == report["digest"]
    assert (tmp_path / "report/report.html").stat().st_size < 2_000_000
    assert report["noise_conditions"] == list(CONDITIONS)
    noise = {c["name"]: c["noise"] / c["largest"] for c in report["checks"] if c["noise"]}
    # What the facts say of this network: about 2e-6 of the largest value.
    assert 1e-8 < noise["MobilenetV3/layer_1"] < noise["default"] < 1e-4


@pytest.mark.full
def test_our_export_equals_the_graph(slim_export, real_export, real_checkpoint, shared):
    _, counts = verify(
        slim_export,
        f"--model_dir={real_export}",
        f"--checkpoint={real_checkpoint}",
        "--variant=mobilenet_v3_small_075_224",
        "--task=feature_vector",
        f"--images={shared}/photos/*.jpg",
    )
    assert counts == EXPECTED | {"interface": 27 + 2}


@pytest.mark.full
def test_the_original_alone_keeps_all_rules(slim_export, published_model):
    result = slim_export("verify", "--json", f"--model_dir={published_model}")
    assert (result.returncode, result.stderr) == (0, "")
    checks = json.loads(result.stdout)["checks"]
    assert [c["name"] for c in checks] == [f"R{n:02}" for n in range(1, 28)]
    assert {c["name"] for c in checks if c["status"] != "passed"} == {"R20"}


@pytest.mark.full
def test_the_original_equals_itself(slim_export, published_model):
    flags = (f"--model_dir={published_model}", f"--reference_dir={published_model}")
    _, counts = verify(slim_export, *flags)
    assert counts == EXPECTED | {"interface": 27 + 3}


def test_features_of_known_images(model):
    """The sums that the published model gave on another machine."""
    # Another machine and TensorFlow move a feature by up to 1.2e-6, and all 1024 are added.
    allowed = 1024 * 1.2e-6
    ramp = np.arange(224) / 223
    grid = np.stack(
        np.broadcast_arrays(ramp[:, None], ramp[None, :], ramp[:, None] * ramp[None, :]), -1
    )
    known = {
        9.128439: np.zeros((1, 224, 224, 3)),
        17.875683: np.ones((1, 224, 224, 3)),
        25.204472: np.full((1, 224, 224, 3), 0.5),
        33.374214: grid[None],
    }
    for total, images in known.items():
        features = model(images.astype(np.float32)).numpy()
        assert features.sum() == pytest.approx(total, abs=allowed)
        assert features.min() >= -0.375


def test_regularization_loss_is_the_known_one(model):
    assert model.regularization_losses[0]().numpy() == np.float32(0.24513353)


def test_the_regularization_loss_is_added_to_others_as_the_originals(model, published_model):
    """TensorFlow's optimizer takes its terms apart; they must let it, to give the same bits."""
    import tensorflow as tf

    original = tf.saved_model.load(str(published_model))
    ours, theirs = (
        tf.function(lambda loss=found.regularization_losses[0]: loss() + 1.0)().numpy()
        for found in (model, original)
    )
    assert ours.tobytes() == theirs.tobytes()
