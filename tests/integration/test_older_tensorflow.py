"""Our export in TensorFlow 1.15 and 2.4 beside the model that Google published: the same numbers.

The environments are made with pip, once, in the user's cache.
"""

import numpy as np
import pytest
from support.older_tensorflow import LOADING, TRAINING

from exporter.contract import op_versions
from exporter.converters.format_table import FORMATS

pytestmark = [pytest.mark.integration, pytest.mark.published, pytest.mark.old_tensorflow]

OUTPUTS = {"session": 1, "features": 2, "end_points": 49, "saved_again": 1}
# Gradients, variables, outputs and loss; weights of both layers, losses and predictions.
TRAINED = {"training": 140 + 208 + 2, "fine_tuning": 208 + 2 + 2}
# What TensorFlow 1.15 says of every model of TensorFlow 2 with batch norm, Google's too.
NO_TRAINING = "InvalidArgumentError:  estimated_mean must be empty for training"

# Of the largest value: 2.9e-6 was measured.
CLOSE = 1e-5
# Kernels of these days quantize activations more coarsely: a cosine of 0.977 was measured, where
# the floor, which LiteRT's keep, is 0.98.
COARSER = 0.01


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "images.npy"
    np.save(path, np.random.RandomState(0).random_sample([4, 224, 224, 3]).astype(np.float32))
    return path


@pytest.fixture(scope="module", params=[LOADING, TRAINING], ids=lambda older: older.release)
def both(request, real_export, published_model, images, tmp_path_factory):
    """What is said of our export and of Google's model there, and all numbers."""
    place, found = tmp_path_factory.mktemp("older"), []
    for number, model in enumerate((real_export, published_model)):
        results = place / f"{number}.npz"
        said = request.param.run("older_tensorflow_program.py", model, images, results)
        with np.load(results) as arrays:
            found.append((said, dict(arrays)))
    return request.param, *found


def test_ours_does_all_that_googles_does(both):
    older, (ours, _), (theirs, _) = both
    assert ours == theirs
    assert ours.pop("version") == older.version
    failed = {stage: why for stage, why in ours.items() if why}
    if older is TRAINING:
        assert not failed
    else:
        assert set(failed) == set(TRAINED)
        assert all(why.startswith(NO_TRAINING) for why in failed.values())


def test_every_number_is_the_same(both):
    older, (_, ours), (_, theirs) = both
    expected = OUTPUTS | (TRAINED if older is TRAINING else {})
    stages = [name.split("|")[0] for name in ours]
    assert {stage: stages.count(stage) for stage in set(stages)} == expected
    assert ours.keys() == theirs.keys()
    differ = [name for name in ours if ours[name].tobytes() != theirs[name].tobytes()]
    assert not differ


@pytest.mark.parametrize(
    ("older", "task"),
    [(LOADING, "classification"), (TRAINING, "feature_vector"), (TRAINING, "classification")],
    ids=lambda given: getattr(given, "release", given),
)
def test_logits_and_the_folded_signature(older, task, export, images, tmp_path):
    """Nothing published has them: compared with what this TensorFlow computes."""
    import tensorflow as tf

    folder = tmp_path / "model"
    arguments = ("mobilenet_v3_small_075_224", task, "seeded:0", folder)
    export(*arguments, "--verify=false", "--folded_signature")
    said = older.run("older_tensorflow_program.py", folder, images, tmp_path / "found.npz")
    assert {stage for stage, why in said.items() if why} - {"version"} <= set(TRAINED)
    model = tf.saved_model.load(str(folder))
    with np.load(tmp_path / "found.npz") as found:
        for signature in ("serving_default", "serving_folded"):
            (expected,) = model.signatures[signature](tf.constant(np.load(images))).values()
            there = found[f"features|{signature}"]
            # Other kernels: about 2e-6 of the largest value; random weights amplify that.
            np.testing.assert_allclose(there, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("older", [LOADING, TRAINING], ids=lambda older: older.release)
def test_converted_files_run_where_the_table_of_formats_says(
    older, real_conversions, real_export, shared, tmp_path
):
    import tensorflow as tf

    from exporter.photos import read

    photographs = read(sorted((shared / "photos").glob("*.jpg")), (224, 224))
    np.save(tmp_path / "photos.npy", photographs)
    folder, _ = real_conversions
    results = tmp_path / "found.npz"
    older.run("older_runtimes_program.py", folder, tmp_path / "photos.npy", results)
    expected = tf.saved_model.load(str(real_export))(photographs).numpy()
    with np.load(results) as found:
        right = {name for name in found.files if is_right(name, found[name], expected)}
    release = numbered(f"TensorFlow {older.version}")
    assert right == {
        name
        for name, row in FORMATS.items()
        if row.oldest.startswith("TensorFlow ") and numbered(row.oldest) <= release
    }


def is_right(name, found, expected):
    floor = FORMATS[name].floor
    if floor is None:
        return np.abs(found - expected).max() < CLOSE * np.abs(expected).max()
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return ((found * expected).sum(axis=1) / lengths).min() > floor - COARSER


def numbered(runtime):
    return tuple(map(int, runtime.removeprefix("TensorFlow ").split(".")))


@pytest.mark.parametrize("older", [LOADING, TRAINING], ids=lambda older: older.release)
def test_the_table_of_ops_holds_what_each_release_has(older, tmp_path):
    """That what comes later is not there, by what a release offers in `tf.raw_ops`."""
    np.save(tmp_path / "none.npy", np.zeros(0))
    arguments = (tmp_path, tmp_path / "none.npy", tmp_path / "none.npz")
    ops = older.run("older_runtimes_program.py", *arguments)["ops"]
    releases = op_versions.asked()
    seen = releases[: releases.index(older.release) + 1]
    assert len(ops) > 1000
    assert not [op for op in ops if op_versions.needed([op]) not in seen]
