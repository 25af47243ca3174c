"""Mutants that serve right and train wrong: each must be caught, and named at the right place."""

import numpy as np
import pytest
from mutating import bodies, constant, edited, nodes, reweighted, rewrapped

pytestmark = pytest.mark.numerics

SCOPE = "MobilenetV3/expanded_conv_2/project"


def test_momentum_hard_wired(features, tmp_path):
    def change(graph):
        function = bodies(graph)["training"]
        wired = constant(function, "wired", np.float32(0.99))
        for node in nodes(graph, "training", "Sub"):
            if node.input[1] == "batch_norm_momentum":
                node.input[1] = wired

    path = edited(features.model, tmp_path / "m", change)
    failed, found, _ = features.judge(path, explain=True, rules=True)
    assert set(failed) == {"moving averages", "interface"}
    assert len(failed["moving averages"]) == 68  # all of them, at momentum 0.9 alone
    assert failed["interface"] == ["R24"]
    assert found == ["momentum ignored"]


def unassigned(graph, name):
    """Takes an assignment out of the training body."""
    function = bodies(graph)["training"]
    for node in list(function.node_def):
        kept = [value for value in node.input if value != f"^{name}"]
        del node.input[:]
        node.input.extend(kept)
        if node.name == name:
            function.node_def.remove(node)
    for key in [key for key, value in function.control_ret.items() if value == name]:
        del function.control_ret[key]
        function.signature.control_output.remove(key)


def test_one_update_missing(features, tmp_path):
    def change(graph):
        (mean, _) = nodes(graph, "training", "AssignSubVariableOp", f"{SCOPE}/")
        unassigned(graph, mean.name)

    path = edited(features.model, tmp_path / "m", change)
    failed, found, _ = features.judge(path, explain=True, rules=True)
    name = f"{SCOPE}/BatchNorm/moving_mean"
    assert failed["moving averages"] == [name, name]
    assert set(failed) == {"moving averages", "interface"}
    assert failed["interface"] == ["R24"]
    assert found == ["updates not run"]


def test_update_in_inference_too(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        if not training and return_endpoints:
            average = next(
                v for v in old.variables if v.name.endswith("Conv/BatchNorm/moving_mean:0")
            )
            average.assign_add(average * 0.01)
        return old(inputs, training, return_endpoints, momentum)

    failed, _, messages = features.judge(
        rewrapped(features.model, tmp_path / "m", call), rules=True
    )
    way = "__call__(return_endpoints=True)"
    assert failed["frozen"] == [way]
    assert "MobilenetV3/Conv/BatchNorm/moving_mean" in messages["frozen", way]
    assert "R22" in failed["interface"]


def test_dropout_on_features(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        found = old(inputs, training, return_endpoints, momentum)
        if not training:
            return found
        if return_endpoints:
            return {**found, "default": tf.nn.dropout(found["default"], 0.2)}
        return tf.nn.dropout(found, 0.2)

    failed, _, _ = features.judge(rewrapped(features.model, tmp_path / "m", call), rules=True)
    assert failed["dropout"] == ["__call__", "__call__(return_endpoints=True): default"]
    assert set(failed["training"]) == {"__call__", "default"}
    assert failed["interface"] == ["R19"]


def l2(graph):
    (total,) = nodes(graph, "regularization", "AddN")
    return total


def test_one_regularizer_missing(features, tmp_path):
    def change(graph):
        total = l2(graph)
        del total.input[3]
        total.attr["N"].i -= 1

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change), gradients=True)
    assert set(failed) == {"regularization", "SGD step"}
    assert failed["regularization"][0] == "0"
    (name,) = failed["regularization"][1:]
    assert name.endswith("/weights")
    assert failed["SGD step"][0] == name


def test_one_regularizer_doubled(features, tmp_path):
    def change(graph):
        total = l2(graph)
        total.input.insert(0, total.input[0])
        total.attr["N"].i += 1

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change))
    assert failed["regularization"] == ["0", "MobilenetV3/Conv/weights"]


def test_a_trainable_flag_flipped(features, tmp_path):
    name = f"{SCOPE}/BatchNorm/gamma"

    def change(graph):
        for node in graph.object_graph_def.nodes:
            if node.variable.name == name:
                node.variable.trainable = False

    path = edited(features.model, tmp_path / "m", change)
    failed, _, messages = features.judge(path, rules=True)
    assert "R07" in failed["interface"]
    assert name in messages["interface", "R07"]
    assert failed["weights"] == ["trainable flags"]


def test_averages_that_say_that_they_are_trainable(features, tmp_path):
    name = f"{SCOPE}/BatchNorm/moving_mean"

    def change(graph):
        for node in graph.object_graph_def.nodes:
            if node.variable.name == name:
                node.variable.trainable = True

    failed, _, messages = features.judge(edited(features.model, tmp_path / "m", change))
    assert failed == {"weights": ["trainable flags"]}
    assert name in messages["weights", "trainable flags"]


def test_one_variable_not_listed_as_trainable(features, tmp_path):
    name = f"{SCOPE}/BatchNorm/gamma"

    def change(root):
        root.trainable_variables = [v for v in root.trainable_variables if name not in v.name]

    path = rewrapped(features.model, tmp_path / "m", change=change)
    failed, _, messages = features.judge(path, gradients=True)
    assert failed["weights"] == ["trainable_variables"]
    assert name in messages["weights", "trainable_variables"]
    assert failed["gradients"][0] == name


def test_nothing_to_train(features, tmp_path):
    def change(root):
        root.trainable_variables = []

    path = rewrapped(features.model, tmp_path / "m", change=change)
    failed, _, _ = features.judge(path, rules=True, gradients=True)
    assert "R08" in failed["interface"]
    assert len(failed["gradients"]) == 4 * 140


def test_one_gradient_stopped(features, tmp_path):
    name = "MobilenetV3/expanded_conv_4/expand/weights"

    def change(graph):
        (conv,) = nodes(graph, "training", "Conv2D", "MobilenetV3/expanded_conv_4/expand/")
        stop = bodies(graph)["training"].node_def.add(name="stop", op="StopGradient")
        stop.input.append(conv.input[1])
        stop.attr["T"].type = 1
        conv.input[1] = "stop:output:0"

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change), gradients=True)
    assert set(failed["gradients"]) == {name}
    assert failed["SGD step"] == [name, "__call__"]
    assert set(failed) == {"gradients", "SGD step"}


def test_gradients_wrong_at_another_momentum(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        found = old(inputs, training, return_endpoints, momentum)
        if return_endpoints or not training:
            return found
        # The value is the same, the gradient three times as large.
        tripled = 3 * found - tf.stop_gradient(2 * found)
        return tf.where(momentum == 0.99, found, found + (tripled - tf.stop_gradient(tripled)))

    path = rewrapped(features.model, tmp_path / "m", call)
    failed, _, _ = features.judge(path, gradients=True)
    assert set(failed) == {"gradients"}


def test_a_weight_frozen_into_the_graph(features, tmp_path):
    """It serves and trains as the original, until a step of SGD is to change it."""
    name = "MobilenetV3/Conv_2/biases"

    def change(graph):
        values = {}
        reweighted(features.model, tmp_path / "spare", values.update)
        function = bodies(graph)["inference"]
        bias = nodes(graph, "inference", "BiasAdd", "MobilenetV3/Conv_2/")[0]
        bias.input[1] = constant(function, "frozen", values[name])

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change), gradients=True)
    assert failed == {"SGD step": ["__call__"]}


def test_default_momentum_is_another(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        told = tf.where(momentum == 0.99, 0.5, momentum)
        return old(inputs, training, return_endpoints, told)

    failed, _, _ = features.judge(rewrapped(features.model, tmp_path / "m", call))
    assert set(failed) == {"moving averages"}
    assert len(failed["moving averages"]) == 68


def test_dropout_at_another_rate(logits, tmp_path):
    def change(graph):
        import tensorflow as tf

        for node in nodes(graph, "training", "Const"):
            value = tf.make_ndarray(node.attr["value"].tensor)
            for old, new in ((0.2, 0.5), (1 / 0.8, 2.0)):
                if value.shape == () and np.isclose(value, old, rtol=1e-6):
                    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.float32(new)))

    failed, _, messages = logits.judge(edited(logits.model, tmp_path / "m", change))
    assert failed == {"dropout": ["__call__"]}
    assert "scatter" in messages["dropout", "__call__"]


def test_dropout_missing(logits, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        if not training:
            return old(inputs, training, return_endpoints, momentum)
        found = dict(old(inputs, training, True, momentum))
        weights = {v.name: v for v in old.variables}
        scope = "MobilenetV3/Logits/Conv2d_1c_1x1"
        pooled = tf.squeeze(found["MobilenetV3/global_pool"], [1, 2])
        plain = pooled @ weights[f"{scope}/weights:0"][0, 0] + weights[f"{scope}/biases:0"]
        found |= {"default": plain, "MobilenetV3/Logits": plain}
        found["MobilenetV3/Predictions"] = tf.nn.softmax(plain)
        return found if return_endpoints else found["default"]

    failed, _, messages = logits.judge(rewrapped(logits.model, tmp_path / "m", call))
    assert failed["dropout"][0] == "__call__"
    assert "found equal ones" in messages["dropout", "__call__"]
