"""Mutants of what callers see: each must be caught, and named at the right place."""

import numpy as np
import pytest
from support.mutating import edited, nodes, rewrapped

pytestmark = pytest.mark.numerics

SERVED = "signature 'serving_default'"


@pytest.mark.full
def test_one_trace_missing(features, tmp_path):
    def change(graph):
        objects = graph.object_graph_def
        root = {child.local_name: child.node_id for child in objects.nodes[0].children}
        call = objects.nodes[root["__call__"]].function
        for name in list(call.concrete_functions):
            traced = objects.concrete_functions[name].canonicalized_input_signature
            values = [v.bool_value for v in traced.tuple_value.values[0].tuple_value.values]
            if values[1:3] == [True, True]:
                call.concrete_functions.remove(name)

    path = edited(features.model, tmp_path / "m", change)
    failed, _, messages = features.judge(path, rules=True)
    assert failed["interface"] == ["R05"]
    assert "training=True, return_endpoints=True" in messages["interface", "R05"]
    assert "training=True: __call__(return_endpoints=True)" in str(failed)


@pytest.mark.full
def test_input_renamed(features, tmp_path):
    def served(call, output):
        import tensorflow as tf

        def serving(images):
            return {output: call(images, False, False, tf.constant(0.99))}

        return serving

    path = rewrapped(features.model, tmp_path / "m", served=served)
    failed, _, messages = features.judge(path, rules=True)
    assert failed == {"interface": [SERVED, "R13"]}
    assert "expected inputs float32" in messages["interface", SERVED]
    assert "found 'images'" in messages["interface", "R13"]


@pytest.mark.full
def test_output_renamed(features, tmp_path):
    def served(call, _):
        import tensorflow as tf

        def serving(inputs):
            return {"features": call(inputs, False, False, tf.constant(0.99))}

        return serving

    path = rewrapped(features.model, tmp_path / "m", served=served)
    failed, _, _ = features.judge(path, rules=True)
    assert failed["interface"] == [SERVED, "R13"]
    assert set(failed["outputs"]) == {f"{SERVED}: feature_vector", f"{SERVED}: features"}


def around(change):
    """Puts something around the output of inference."""

    def call(old, inputs, training, return_endpoints, momentum):
        found = old(inputs, training, return_endpoints, momentum)
        if training:
            return found
        if return_endpoints:
            return {**found, "default": change(inputs, found["default"])}
        return change(inputs, found)

    return call


@pytest.mark.full
def test_not_a_number_for_one_input(features, tmp_path):
    def poison(inputs, output):
        import tensorflow as tf

        dark = tf.reduce_all(inputs == 0, axis=[1, 2, 3])
        return tf.where(dark[:, None], np.float32(np.nan), output)

    path = rewrapped(features.model, tmp_path / "m", around(poison))
    failed, _, messages = features.judge(path, rules=True)
    assert messages["outputs", "__call__"].startswith("probe 'zeros', at [0] expected") or (
        "probe 'zeros'" in messages["outputs", "__call__"]
    )
    assert failed["end points"] == ["default", "default"]
    assert failed["interface"] == ["R25"]


def test_wrong_only_at_batch_3(features, tmp_path):
    def spoil(inputs, output):
        import tensorflow as tf

        return tf.where(tf.shape(inputs)[0] == 3, output + 1e-3, output)

    path = rewrapped(features.model, tmp_path / "m", around(spoil))
    failed, _, _ = features.judge(path)
    assert failed == {
        "outputs": ["__call__", f"{SERVED}: feature_vector"],
        "end points": ["default"],
    }


def test_signature_and_call_differ(features, tmp_path):
    def served(call, output):
        import tensorflow as tf

        def serving(inputs):
            return {output: call(inputs, False, False, tf.constant(0.99)) * 1.0000001}

        return serving

    failed, _, _ = features.judge(rewrapped(features.model, tmp_path / "m", served=served))
    assert f"{SERVED} equals __call__" in failed["outputs"]
    assert "__call__" not in failed["outputs"]


def on_images(change):
    """Puts something in front of the images."""

    def call(old, inputs, training, return_endpoints, momentum):
        return old(change(inputs), training, return_endpoints, momentum)

    return call


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("BGR", lambda images: images[..., ::-1]),
        pytest.param("input range", lambda images: images / 255.0, marks=pytest.mark.full),
        pytest.param("input range", lambda images: (images + 1.0) / 2.0, marks=pytest.mark.full),
    ],
)
def test_other_images(features, tmp_path, name, change):
    path = rewrapped(features.model, tmp_path / "m", on_images(change))
    failed, found, _ = features.judge(path, explain=True)
    assert failed["end points"][0] == "Short/layer_1"
    assert found == [name]


@pytest.mark.full
def test_background_class_missing(logits, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        found = old(inputs, training, return_endpoints, momentum)
        return {**found, "default": found["default"][:, 1:]} if return_endpoints else found[:, 1:]

    failed, found, messages = logits.judge(
        rewrapped(logits.model, tmp_path / "m", call), explain=True
    )
    assert "[1, 1001], found float32 [1, 1000]" in messages["outputs", "__call__"]
    assert found == ["missing background class"]
    assert "weights" not in failed


@pytest.mark.full
def test_softmax_in_front_of_the_logits(logits, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        found = old(inputs, training, return_endpoints, momentum)
        if return_endpoints:
            return {**found, "default": tf.nn.softmax(found["default"])}
        return tf.nn.softmax(found)

    failed, _, _ = logits.judge(rewrapped(logits.model, tmp_path / "m", call), rules=True)
    assert failed["interface"] == ["R20"]
    assert "__call__" in failed["outputs"]


def test_two_end_points_swapped(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        found = old(inputs, training, return_endpoints, momentum)
        if not return_endpoints:
            return found
        one, other = "Short/layer_3", "Short/layer_4"
        return {**found, one: found[other], other: found[one]}

    failed, _, _ = features.judge(rewrapped(features.model, tmp_path / "m", call))
    assert set(failed["end points"]) == {"Short/layer_3", "Short/layer_4"}
    assert "outputs" not in failed


@pytest.mark.full
def test_end_point_missing_and_one_too_many(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        found = old(inputs, training, return_endpoints, momentum)
        if not return_endpoints:
            return found
        renamed = dict(found)
        renamed["Short/layer_X"] = renamed.pop("Short/layer_6")
        return renamed

    failed, _, messages = features.judge(rewrapped(features.model, tmp_path / "m", call))
    assert set(failed["end points"]) == {"Short/layer_6", "Short/layer_X"}
    assert messages["end points", "Short/layer_6"].startswith("expected it, found none")


@pytest.mark.full
def test_end_points_nested(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        found = old(inputs, training, return_endpoints, momentum)
        if not return_endpoints:
            return found
        inner = {name.split("/", 1)[1]: v for name, v in found.items() if "/" in name}
        return {"default": found["default"], "Short": inner}

    failed, _, _ = features.judge(rewrapped(features.model, tmp_path / "m", call))
    assert "Short/layer_1" in failed["end points"]


@pytest.mark.full
def test_variables_cut_short(features, tmp_path):
    def change(root):
        root.variables = [v for v in root.variables if "Conv_1/BatchNorm" not in v.name]

    path = rewrapped(features.model, tmp_path / "m", change=change)
    failed, _, _ = features.judge(path, rules=True)
    assert len(failed["weights"]) == 4
    assert "R06" in failed["interface"]


def test_inference_body_is_left_alone(features):
    """The model whose mutants these are has no update in inference."""

    def look(graph):
        assert nodes(graph, "inference", "AssignSubVariableOp") == []

    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        edited(features.model, Path(folder) / "m", look)
