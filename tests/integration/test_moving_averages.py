"""`ExponentialMovingAverage` shadows are used where a checkpoint has them."""

import json

import pytest
from support import short_network

from exporter import quiet

pytestmark = pytest.mark.integration

VARIANT = short_network.VARIANT
OTHER = "mobilenet_v3_small_minimalistic_100_224"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """A checkpoint as a training job leaves it: raw weights, some shadows, slots and a step."""
    quiet.import_tensorflow()
    import numpy as np

    from checkpoints import seeded
    from slim_nets.registry import variants

    shape = variants()[VARIANT].shape("classification")
    weights = seeded.draw({v.name: v.shape for v in shape.variables}, 1)
    stored = dict(weights)
    for spec in shape.variables:
        if spec.trainable:
            stored[f"{spec.name}/ExponentialMovingAverage"] = weights[spec.name] + np.float32(0.01)
            stored[f"{spec.name}/RMSProp"] = np.zeros(spec.shape, np.float32)
    stored["global_step"] = np.int64(5)
    path = tmp_path_factory.mktemp("pristine") / "model.ckpt-5"
    seeded.write(path, stored)
    return path


def taken(folder, prefix):
    """Counts the variables that equal raw values of the checkpoint, and averages of it."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    values = {v.name.split(":")[0]: v.numpy() for v in model.variables}
    reader = tf.train.load_checkpoint(str(prefix))

    def equal(suffix):
        return sum(
            reader.has_tensor(name + suffix)
            and bool((value == reader.get_tensor(name + suffix)).all())
            for name, value in values.items()
        )

    return {"raw": equal(""), "averages": equal("/ExponentialMovingAverage")}


def test_averages_are_taken_and_verified(export, prefix, tmp_path):
    said = export(VARIANT, "feature_vector", prefix, tmp_path / "m")
    assert said["verification"]["passed"]
    assert (said["variables"], said["moving_averages"]) == (75, 49)
    # two raw logits and their averages, all slots, the raw values of what was averaged, the step
    assert said["unused_tensors"] == 4 + 51 + 49 + 1
    assert taken(tmp_path / "m", prefix) == {"raw": 26, "averages": 49}


def test_raw_values_on_request(export, prefix, tmp_path):
    said = export(
        *(VARIANT, "feature_vector", prefix, tmp_path / "m"),
        *("--nouse_moving_averages", "--verify=false"),
    )
    assert said["moving_averages"] == 0
    assert taken(tmp_path / "m", prefix)["raw"] == 75


def test_a_person_is_told(slim_export, prefix, tmp_path):
    result = slim_export(
        *("export", f"--variant={VARIANT}", "--task=feature_vector"),
        *(f"--checkpoint={prefix}", f"--output_dir={tmp_path / 'm'}", "--verify=false"),
    )
    assert "75 variables from" in result.stdout
    assert "49 of them moving averages" in result.stdout
    assert "105 tensors of the checkpoint not needed" in result.stdout
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.stdout)


def test_averages_that_do_not_fit_are_told_from_raw_values_that_do(slim_export, tmp_path):
    quiet.import_tensorflow()
    from checkpoints import seeded
    from slim_nets.registry import variants

    shape = variants()[VARIANT].shape("classification")
    stored = seeded.draw({v.name: v.shape for v in shape.variables}, 1)
    name = "Short/Conv/weights"
    stored[f"{name}/ExponentialMovingAverage"] = stored[name].astype(float)
    seeded.write(tmp_path / "m", stored)
    result = slim_export(
        *("export", f"--variant={VARIANT}", "--task=classification"),
        *(f"--checkpoint={tmp_path / 'm'}", f"--output_dir={tmp_path / 'o'}", "--verify=false"),
    )
    assert result.returncode == 1
    assert f"'{name}/ExponentialMovingAverage' expected float32" in result.stderr
    assert result.stderr.endswith("Use --use_moving_averages=false.\n")


def test_averages_alone_of_another_variant(slim_export, tmp_path):
    quiet.import_tensorflow()
    from checkpoints import seeded
    from slim_nets.registry import variants

    shape = variants()[OTHER].shape("feature_vector")
    stored = seeded.draw({v.name: v.shape for v in shape.variables}, 1)
    averages = {f"{name}/ExponentialMovingAverage": value for name, value in stored.items()}
    seeded.write(tmp_path / "m", averages)
    result = slim_export(
        *("export", "--variant=mobilenet_v3_large_100_224", "--task=feature_vector"),
        *(f"--checkpoint={tmp_path / 'm'}", f"--output_dir={tmp_path / 'o'}", "--verify=false"),
    )
    assert result.returncode == 1
    assert result.stderr.endswith(f"Use --variant={OTHER}.\n")
