"""Mutants with other weights than the checkpoint's: each must be caught, and its cause named."""

from dataclasses import replace
from functools import partial

import pytest
from support.mutating import reweighted, rewrapped
from support.short_network import TABLE, VARIANT

pytestmark = pytest.mark.numerics


def test_last_layer_multiplied(features, tmp_path, monkeypatch):
    """Its features are fewer than those of the published networks."""
    from exporter import reusable, saving, trace
    from slim_nets import registry
    from slim_nets.networks.mobilenet_v3.builder import build
    from slim_nets.networks.mobilenet_v3.rows import Conv

    weights = {}
    reweighted(features.model, tmp_path / "spare", weights.update)
    for name in ("weights", "biases"):
        key = f"Short/Conv_2/{name}"
        weights[key] = weights[key][..., :96]
    variant = registry.variants()[VARIANT]
    rows = (*TABLE.rows[:-1], Conv(1, 96, "hard_swish", 1, None))
    narrow_build = partial(build, table=replace(TABLE, rows=rows))
    narrow = {variant.family: replace(variant.network, build=narrow_build)}
    with monkeypatch.context() as patched:
        patched.setattr(registry, "networks", lambda: narrow)
        registry._shape.cache_clear()
        network = trace.trace(variant, "feature_vector", weights)
        saving.save(reusable.reusable(network), tmp_path / "m")
    registry._shape.cache_clear()
    failed, found, messages = features.judge(tmp_path / "m", explain=True)
    assert failed["weights"] == ["Short/Conv_2/weights", "Short/Conv_2/biases"]
    assert "row 8 of 8" in messages["weights", "Short/Conv_2/weights"]
    assert failed["end points"][0] == "Short/layer_8"
    assert found == ["last layer multiplied"]


@pytest.mark.full
def test_raw_weights(export, slim_export, tmp_path):
    """A checkpoint with moving averages, exported without them."""
    from checkpoints import seeded
    from exporter import quiet
    from slim_nets.registry import resized, variants

    quiet.import_tensorflow()
    name, task = "mobilenet_v3_small_minimalistic_100_224", "feature_vector"
    variant = resized(variants()[name], image_size=32)
    shapes = {v.name: v.shape for v in variant.shape(task).variables}
    raw, averaged = seeded.draw(shapes, 1), seeded.draw(shapes, 2)
    shadows = {f"{key}/ExponentialMovingAverage": value for key, value in averaged.items()}
    seeded.write(tmp_path / "model", raw | shadows)
    given = ["--image_size=32", "--use_moving_averages=false", "--verify=false"]
    export(name, task, tmp_path / "model", tmp_path / "m", *given)
    result = slim_export(
        "verify",
        f"--model_dir={tmp_path / 'm'}",
        f"--checkpoint={tmp_path / 'model'}",
        f"--variant={name}",
        f"--task={task}",
        "--image_size=32",
    )
    assert result.returncode == 1
    assert "Likely cause: raw weights instead of the moving averages" in result.stdout


@pytest.mark.full
def test_batch_norm_folded(features, tmp_path):
    """A model that has only kernels and biases left, and still says that it can be trained."""
    import tensorflow as tf

    values = {}
    reweighted(features.model, tmp_path / "spare", values.update)

    def call(old, inputs, training, return_endpoints, momentum):
        return old(inputs, False, return_endpoints, momentum)

    def change(root):
        root.variables = [v for v in root.variables if "/BatchNorm/" not in v.name]
        root.trainable_variables = [v for v in root.variables if v.trainable]
        assert len(root.variables) == len(values) - 4 * 13
        assert isinstance(root.variables[0], tf.Variable)

    path = rewrapped(features.model, tmp_path / "m", call, change=change)
    failed, found, _ = features.judge(path, explain=True, rules=True)
    assert "folded batch norm in a model that claims to be fine-tunable" in found
    assert "R06" in failed["interface"]
