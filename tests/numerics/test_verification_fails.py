"""The verification must find every difference, and name the first."""

import numpy as np
import pytest

from exporter import quiet

pytestmark = pytest.mark.numerics

VARIANT = "mobilenet_v3_small_minimalistic_100_224"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Compares a network whose weights, layers or updates a test has changed."""
    quiet.import_tensorflow()
    import tensorflow as tf

    from checkpoints import seeded
    from exporter import reusable, trace
    from exporter.original import restored
    from exporter.verify.checks import compare, expected_of
    from exporter.verify.probes import probes
    from slim_nets.variants import NAMED, customized

    variant = customized(NAMED[VARIANT], image_size=32)
    shapes = {v.name: v.shape for v in variant.shape("classification").variables}
    weights = seeded.draw(shapes, 5)
    prefix = tmp_path_factory.mktemp("original") / "model"
    seeded.write(prefix, weights)
    expected = {}
    for task in ("feature_vector", "classification"):
        names = {v.name: v.name for v in variant.shape(task).variables}
        with restored(variant, task, str(prefix), names) as original:
            expected[task] = expected_of(original, probes(32))

    def compare_export(path, change=None, task="feature_vector"):
        changed = {name: value.copy() for name, value in weights.items()}
        if change:
            change(changed)
        model = reusable.reusable(trace.trace(variant, task, changed))
        tf.saved_model.save(model.root, str(path), signatures=model.signatures)
        return list(compare(tf.saved_model.load(str(path)), expected[task], variant, task))

    return compare_export


def failures(checks):
    failed = {}
    for check in checks:
        if not check.passed:
            failed.setdefault(check.group, []).append(check.name)
    return failed


@pytest.mark.parametrize("task", ["feature_vector", "classification"])
def test_unchanged_passes(compared, tmp_path, task):
    assert failures(compared(tmp_path / "m", task=task)) == {}


def test_one_weight_by_one_ulp(compared, tmp_path):
    name = "MobilenetV3/expanded_conv_3/depthwise/depthwise_weights"

    def change(weights):
        weights[name][1, 1, 0, 0] = np.nextafter(weights[name][1, 1, 0, 0], np.float32(99))

    checks = compared(tmp_path / "m", change)
    failed = failures(checks)
    assert failed["weights"] == [name]
    assert failed["end points"][0] == "MobilenetV3/layer_5/depthwise_output"
    assert next(c for c in checks if not c.passed).message.startswith("at [1, 1, 0, 0] expected")


def test_moving_average_shows_in_inference_only(compared, tmp_path):
    name = "MobilenetV3/Conv_1/BatchNorm/moving_mean"

    def change(weights):
        weights[name] += 1

    failed = failures(compared(tmp_path / "m", change))
    assert failed["weights"] == failed["moving averages"] == [name]
    assert failed["end points"][0] == "MobilenetV3/layer_13"
    assert "training" not in failed


def test_wrong_epsilon(compared, tmp_path, monkeypatch):
    monkeypatch.setattr("slim_nets.tf_layers.BATCH_NORM_EPSILON", 1e-5)
    failed = failures(compared(tmp_path / "m"))
    assert failed["end points"][0] == failed["training"][0] == "MobilenetV3/layer_1"
    assert "weights" not in failed


def test_missing_rescale(compared, tmp_path, monkeypatch):
    monkeypatch.setattr("slim_nets.hub.rescale", lambda images: images)
    assert failures(compared(tmp_path / "m"))["end points"][0] == "MobilenetV3/layer_1"


def test_momentum_ignored(compared, tmp_path, monkeypatch):
    from slim_nets.tf_layers import TfLayers

    monkeypatch.setattr(
        "exporter.trace.TfLayers",
        lambda variables, momentum=None: TfLayers(variables, None if momentum is None else 0.99),
    )
    failed = failures(compared(tmp_path / "m"))
    assert list(failed) == ["moving averages"]
    assert len(failed["moving averages"]) == 68


def test_wrong_weight_decay(compared, tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.trace.WEIGHT_DECAY", 1e-5)
    assert failures(compared(tmp_path / "m")) == {"regularization": ["0"]}


def test_dropout_missing(compared, tmp_path, monkeypatch):
    monkeypatch.setattr("slim_nets.tf_layers.TfLayers.dropout", lambda _, x: x)
    failed = failures(compared(tmp_path / "m", task="classification"))
    assert failed == {"training": ["dropout", "dropout rate", "__call__"]}


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_other_dropout_rate(compared, tmp_path, monkeypatch, keep):
    monkeypatch.setattr("slim_nets.tf_layers.DROPOUT_KEEP_PROB", keep)
    failed = failures(compared(tmp_path / "m", task="classification"))
    assert failed == {"training": ["dropout rate", "__call__"]}


def test_trainable_variables_cut_short(compared, tmp_path, monkeypatch):
    from exporter import reusable

    make = reusable.reusable

    def cut(network):
        model = make(network)
        model.root.trainable_variables = model.root.trainable_variables[:3]
        return model

    monkeypatch.setattr(reusable, "reusable", cut)
    assert failures(compared(tmp_path / "m")) == {"weights": ["trainable_variables"]}


@pytest.mark.parametrize("task", ["feature_vector", "classification"])
def test_training_ignored_by_one_trace(compared, tmp_path, monkeypatch, task):
    """The trace that returns the output alone answers as in inference."""
    from exporter import reusable

    def call(network, default):
        end_points = original(network, default)

        @reusable.tf.function(autograph=False)
        def call_fn(inputs, training=False, return_endpoints=False, batch_norm_momentum=default):
            if return_endpoints:
                return end_points(inputs, training, return_endpoints, batch_norm_momentum)
            return end_points(inputs)

        for flags in ((False, False), (False, True), (True, False), (True, True)):
            images = reusable.image_spec(network.variant)
            call_fn.get_concrete_function(images, *flags, reusable.MOMENTUM_SPEC)
        return call_fn

    original = reusable._call
    monkeypatch.setattr(reusable, "_call", call)
    failed = failures(compared(tmp_path / "m", task=task))
    assert list(failed) == ["training"]
    assert "__call__" in failed["training"]


def test_residual_dropped(compared, tmp_path, monkeypatch):
    monkeypatch.setattr("slim_nets.tf_layers.TfLayers.add", lambda _, x, y: x)
    assert failures(compared(tmp_path / "m"))["end points"][0] == "MobilenetV3/layer_4/output"


def test_end_point_missing_and_one_too_many(compared, tmp_path, monkeypatch):
    from exporter import trace

    end_points = trace.end_points

    def renamed(*arguments):
        found = end_points(*arguments)
        found["MobilenetV3/layer_X"] = found.pop("MobilenetV3/layer_7")
        return found

    monkeypatch.setattr(trace, "end_points", renamed)
    checks = compared(tmp_path / "m")
    failed = failures(checks)
    assert failed["end points"] == ["MobilenetV3/layer_7", "MobilenetV3/layer_X"]
    messages = [c.message for c in checks if not c.passed]
    assert messages[:2] == ["expected it, found none", "expected none, found it"]


def test_signature_output_renamed(compared, tmp_path, monkeypatch):
    monkeypatch.setitem(
        __import__("exporter.reusable").reusable.OUTPUT_NAMES, "feature_vector", "features"
    )
    from exporter.verify import checks

    monkeypatch.setattr(checks, "OUTPUT_NAMES", {"feature_vector": "feature_vector"})
    assert failures(compared(tmp_path / "m")) == {"outputs": ["feature_vector", "features"]}
