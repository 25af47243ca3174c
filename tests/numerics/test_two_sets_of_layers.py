"""tf-slim's layers and plain ops must give the same bits, in every network."""

import pytest

from slim_nets.variants import NAMED, TASKS, customized

pytestmark = pytest.mark.numerics

CUSTOM = [
    ("mobilenet_v3_small_100_224", "--depth_multiplier=0.35", "--image_size=32"),
    ("mobilenet_v3_large_100_224", "--depth_multiplier=0.5", "--image_size=32"),
    ("mobilenet_v3_large_100_224", "--depth_multiplier=1.3", "--image_size=97"),
    ("mobilenet_edgetpu_100_224", "--depth_multiplier=2", "--image_size=64"),
]


@pytest.mark.parametrize("variant", NAMED)
@pytest.mark.parametrize("task", TASKS)
def test_named_variants(export, tmp_path, variant, task):
    said = export(variant, task, "seeded:3", tmp_path / "model")
    check(said, NAMED[variant], task)


@pytest.mark.parametrize(("variant", "multiplier", "size"), CUSTOM)
def test_other_sizes(export, tmp_path, variant, multiplier, size):
    said = export(variant, "classification", "seeded:3", tmp_path / "model", multiplier, size)
    custom = customized(
        NAMED[variant],
        depth_multiplier=float(multiplier.split("=")[1]),
        image_size=int(size.split("=")[1]),
    )
    assert said["variant"] == custom.name
    check(said, custom, "classification")


def check(said, variant, task):
    shape = variant.shape(task)
    checks = said["verification"]["checks"]
    assert said["verification"]["passed"]
    assert not said["checkpoint"]["trained"]
    compared = {}
    for row in checks:
        compared.setdefault(row["group"], set()).add(row["name"])
    scope = variant.spec.scope
    end_points = {f"{scope}/{name}" for name in shape.end_points} | {"default"}
    drawn = {"default", f"{scope}/Logits", f"{scope}/Predictions"}
    in_training = end_points | {"__call__"}
    if task == "classification":
        in_training = in_training - drawn | {"dropout", "dropout rate"}
    assert compared == {
        "weights": {v.name for v in shape.variables} | {"trainable_variables"},
        "end points": end_points,
        "outputs": {"__call__", "feature_vector" if task == "feature_vector" else "logits"},
        "regularization": {"0"},
        "training": in_training,
        "moving averages": {v.name for v in shape.variables if not v.trainable},
    }
