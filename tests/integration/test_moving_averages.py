"""`ExponentialMovingAverage` shadows are used where a checkpoint has them."""

import json

import pytest

from exporter import quiet

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """A checkpoint as a training job leaves it: raw weights, some shadows, slots and a step."""
    quiet.import_tensorflow()
    import numpy as np

    from checkpoints import seeded
    from slim_nets.variants import NAMED

    shape = NAMED["mobilenet_v3_small_minimalistic_100_224"].shape("classification")
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


READ = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
values = {v.name.split(":")[0]: v.numpy() for v in model.variables}
reader = tf.train.load_checkpoint(sys.argv[2])
def equal(suffix):
    return sum(reader.has_tensor(n + suffix) and bool((v == reader.get_tensor(n + suffix)).all())
               for n, v in values.items())
print(json.dumps({"raw": equal(""), "averages": equal("/ExponentialMovingAverage")}))
"""


def test_averages_are_taken_and_verified(export, run_python, prefix, tmp_path):
    said = export(
        "mobilenet_v3_small_minimalistic_100_224", "feature_vector", prefix, tmp_path / "m"
    )
    assert said["verification"]["passed"]
    assert (said["variables"], said["moving_averages"]) == (172, 104)
    # two raw logits and their averages, all slots, the raw values of what was averaged, the step
    assert said["unused_tensors"] == 4 + 106 + 104 + 1
    assert run_python(READ, tmp_path / "m", prefix) == {"raw": 68, "averages": 104}


def test_raw_values_on_request(export, run_python, prefix, tmp_path):
    said = export(
        *("mobilenet_v3_small_minimalistic_100_224", "feature_vector", prefix, tmp_path / "m"),
        *("--nouse_moving_averages", "--verify=false"),
    )
    assert said["moving_averages"] == 0
    assert run_python(READ, tmp_path / "m", prefix)["raw"] == 172


def test_a_person_is_told(slim_export, prefix, tmp_path):
    result = slim_export(
        *("export", "--variant=mobilenet_v3_small_minimalistic_100_224", "--task=feature_vector"),
        *(f"--checkpoint={prefix}", f"--output_dir={tmp_path / 'm'}", "--verify=false"),
    )
    assert "172 variables from" in result.stdout
    assert "104 of them moving averages" in result.stdout
    assert "215 tensors of the checkpoint not needed" in result.stdout
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.stdout)
