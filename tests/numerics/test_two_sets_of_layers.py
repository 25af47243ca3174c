"""tf-slim's layers and plain ops must give the same bits, in every kind of network."""

import json

import pytest
from support.each_variant import at_few_pixels, one_of_each

from slim_nets.registry import resized, variants

pytestmark = pytest.mark.numerics

RICH = "__call__(return_endpoints=True)"
FULL = pytest.mark.full
CUSTOM = [
    pytest.param("mobilenet_v3_small_100_224", 0.35, 32),
    pytest.param("mobilenet_v3_large_100_224", 0.5, 32, marks=FULL),
    pytest.param("mobilenet_v3_large_100_224", 1.3, 97, marks=FULL),
    pytest.param("mobilenet_edgetpu_100_224", 2, 64, marks=FULL),
    pytest.param("mobilenet_v1_100_224", 0.3, 61, marks=FULL),
    pytest.param("mobilenet_v2_100_224", 1.3, 61, marks=FULL),
]
# At few pixels; at their own size below.
SMALL = [
    ("mobilenet_v3_small_minimalistic_100_224", "classification"),
    pytest.param("mobilenet_edgetpu_075_224", "feature_vector", marks=FULL),
]
# At their own size: one of each network as features, and all MobileNets as classifiers, which other
# tests make of the others at few pixels. ResNets of 101 and 152 layers, which have more of the
# same, are compared with those of the package elsewhere.
NAMES = [name for name in one_of_each() if not name.endswith(("_101", "_152"))]
FIRST = {variants()[name].network.scope: name for name in reversed(NAMES)}.values()
NAMED = [
    *((name, "feature_vector") for name in FIRST),
    *((name, "classification") for name in NAMES if name.startswith("mobilenet")),
]


@pytest.mark.full
@pytest.mark.parametrize(("variant", "task"), NAMED)
def test_named_variants(export, tmp_path, variant, task):
    said = export(variant, task, "seeded:3", tmp_path / "model")
    check(said, variants()[variant], task)


@pytest.mark.parametrize(("variant", "task"), SMALL)
def test_kinds_of_networks(export, tmp_path, variant, task):
    small = at_few_pixels(variants()[variant], 32)
    flag = f"--image_size={small.image_size}"
    said = export(variant, task, "seeded:3", tmp_path / "model", flag)
    check(said, small, task)


@pytest.mark.parametrize(("variant", "multiplier", "size"), CUSTOM)
def test_other_sizes(export, tmp_path, variant, multiplier, size):
    flags = (f"--depth_multiplier={multiplier}", f"--image_size={size}")
    said = export(variant, "classification", "seeded:3", tmp_path / "model", *flags)
    custom = resized(variants()[variant], depth_multiplier=multiplier, image_size=size)
    assert said["variant"] == custom.name
    check(said, custom, "classification")


@pytest.mark.full
@pytest.mark.parametrize(
    ("variant", "task"),
    [
        ("mobilenet_v3_large_075_224", "feature_vector"),
        ("mobilenet_v3_small_minimalistic_100_224", "classification"),
        ("mobilenet_edgetpu_075_224", "feature_vector"),
    ],
)
def test_gradients(export, slim_export, tmp_path, variant, task):
    """What an export does not wait for; of other networks compared where they are verified."""
    export(variant, task, "seeded:3", tmp_path / "model", "--image_size=64", "--verify=false")
    flags = ["--checkpoint=seeded:3", f"--variant={variant}", f"--task={task}", "--image_size=64"]
    result = slim_export("verify", "--json", f"--model_dir={tmp_path / 'model'}", *flags)
    assert (result.returncode, result.stderr) == (0, "")
    checks = json.loads(result.stdout)["checks"]
    trainable = {v.name for v in variants()[variant].shape(task).variables if v.trainable}
    assert {c["name"] for c in checks if c["group"] == "gradients"} == trainable
    stepped = {c["name"] for c in checks if c["group"] == "SGD step"}
    output = "logits" if task == "classification" else "feature_vector"
    ways = {"__call__", f"signature 'serving_default': {output}"}
    assert stepped == {v.name for v in variants()[variant].shape(task).variables} | ways
    assert not any(check["differing"] for check in checks)


def check(said, variant, task):
    shape = variant.shape(task)
    checks = said["verification"]["checks"]
    assert said["verification"]["passed"]
    assert not said["checkpoint"]["trained"]
    compared = {}
    for row in checks:
        compared.setdefault(row["group"], set()).add(row["name"])
    end_points = {*shape.end_points, "default"}
    drawn = {"default", *drawn_of(variant, task)}
    in_training, dropout = end_points | {"__call__"}, {"__call__", RICH}
    if drawn != {"default"}:
        in_training = in_training - drawn - {"__call__"}
        dropout = {"__call__", *(f"{RICH}: {name}" for name in drawn)}
    trainable = {v.name for v in shape.variables if v.trainable}
    served = "signature 'serving_default'"
    output = "feature_vector" if task == "feature_vector" else "logits"
    assert compared == {
        "interface": {"arguments", served},
        "weights": {v.name for v in shape.variables} | {"trainable_variables", "trainable flags"},
        "end points": end_points,
        "outputs": {"__call__", f"{served}: {output}", f"{served} equals __call__"},
        "frozen": {"__call__", RICH, served},
        "training": in_training,
        "moving averages": {v.name for v in shape.variables} - trainable,
        "dropout": dropout,
        "regularization": {"0"} | {v.name for v in shape.variables if v.weight_decay},
    }


def drawn_of(variant, task):
    """Names the end points after dropout, which comes after the pool, and in ResNets nowhere."""
    if task == "feature_vector" or variant.family.startswith("resnet"):
        return []
    names = list(variant.shape(task).end_points)
    return names[names.index(f"{variant.network.scope}/global_pool") + 1 :]
