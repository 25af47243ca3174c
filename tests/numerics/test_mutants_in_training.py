"""Mutants that serve right and train wrong: each must be caught, and named at the right place."""

import numpy as np
import pytest
from support.mutating import bodies, constant, edited, nodes, reweighted, rewrapped

pytestmark = pytest.mark.numerics

SERVED = "signature 'serving_default': feature_vector"
SCOPE = "Short/expanded_conv_2/project"


@pytest.mark.full
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
    assert len(failed["moving averages"]) == 2 * 13  # all of them, at momentum 0.9 alone
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


def test_another_momentum_wired_is_found(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        return old(inputs, training, return_endpoints, tf.constant(0.95))

    failed, found, _ = features.judge(rewrapped(features.model, tmp_path / "m", call), explain=True)
    assert set(failed) == {"moving averages"}
    assert found == ["momentum ignored"]


@pytest.mark.full
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


@pytest.mark.full
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
    assert "Short/Conv/BatchNorm/moving_mean" in messages["frozen", way]
    assert "R22" in failed["interface"]


def l2(graph):
    (total,) = nodes(graph, "regularization", "AddN")
    return total


@pytest.mark.full
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
    assert failed["regularization"] == ["0", "Short/Conv/weights"]


@pytest.mark.full
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


@pytest.mark.full
def test_one_variable_not_listed_as_trainable(features, tmp_path):
    name = f"{SCOPE}/BatchNorm/gamma"

    def change(root):
        root.trainable_variables = [v for v in root.trainable_variables if name not in v.name]

    path = rewrapped(features.model, tmp_path / "m", change=change)
    failed, _, messages = features.judge(path, gradients=True)
    assert failed["weights"] == ["trainable_variables"]
    assert name in messages["weights", "trainable_variables"]
    assert failed["gradients"][0] == name


@pytest.mark.full
def test_nothing_to_train(features, tmp_path):
    def change(root):
        root.trainable_variables = []

    path = rewrapped(features.model, tmp_path / "m", change=change)
    failed, _, _ = features.judge(path, rules=True, gradients=True)
    assert "R08" in failed["interface"]
    assert len(failed["gradients"]) == 4 * 49


@pytest.mark.full
def test_one_gradient_stopped(features, tmp_path):
    name = "Short/expanded_conv_3/expand/weights"

    def change(graph):
        (conv,) = nodes(graph, "training", "Conv2D", "Short/expanded_conv_3/expand/")
        stop = bodies(graph)["training"].node_def.add(name="stop", op="StopGradient")
        stop.input.append(conv.input[1])
        stop.attr["T"].type = 1
        conv.input[1] = "stop:output:0"

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change), gradients=True)
    assert set(failed["gradients"]) == {name}
    # The averages after one more call too, behind the weight that stayed.
    assert {name, "__call__", SERVED} <= set(failed["SGD step"])
    assert set(failed) == {"gradients", "SGD step"}


@pytest.mark.full
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


@pytest.mark.full
def test_a_weight_frozen_into_the_graph(features, tmp_path):
    """It serves and trains as the original, until a step of SGD is to change it."""
    name = "Short/Conv_2/biases"

    def change(graph):
        values = {}
        reweighted(features.model, tmp_path / "spare", values.update)
        function = bodies(graph)["inference"]
        bias = nodes(graph, "inference", "BiasAdd", "Short/Conv_2/")[0]
        bias.input[1] = constant(function, "frozen", values[name])

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change), gradients=True)
    assert failed == {"SGD step": ["__call__", SERVED]}


def frozen_averages(model, target, body):
    """Copies a model with constants where one of its bodies reads moving averages."""
    values = {}
    reweighted(model, target.parent / "spare", values.update)

    def change(graph):
        function = bodies(graph)[body]
        for norm in nodes(graph, body, "FusedBatchNormV3"):
            scope = norm.name.removesuffix("/FusedBatchNormV3")
            wired = {}
            for average, batch in (("moving_mean", "batch_mean"), ("moving_variance", "variance")):
                value = values[f"{scope}/BatchNorm/{average}"]
                wired[batch] = constant(function, f"{scope}/wired_{average}", value)
            if body == "inference":
                norm.input[3], norm.input[4] = wired["batch_mean"], wired["variance"]
            # In training, what a batch's statistics are subtracted from.
            for node in nodes(graph, body, "Sub", f"{scope}/"):
                for batch, value in wired.items():
                    if f"{norm.name}:" in node.input[1] and f"{batch}:0" in node.input[1]:
                        node.input[0] = value

    return edited(model, target, change)


@pytest.mark.full
def test_averages_frozen_into_inference(features, tmp_path):
    """It equals the original until training has moved the averages."""
    path = frozen_averages(features.model, tmp_path / "m", "inference")
    failed, _, _ = features.judge(path, gradients=True)
    assert failed == {"SGD step": ["__call__", SERVED]}


@pytest.mark.full
def test_averages_that_do_not_accumulate(features, tmp_path):
    """The first training call is right, and the second begins anew."""
    path = frozen_averages(features.model, tmp_path / "m", "training")
    failed, _, _ = features.judge(path, gradients=True)
    assert set(failed) == {"SGD step"}
    assert len(failed["SGD step"]) == 2 * 13


@pytest.mark.full
def test_default_momentum_is_another(features, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        told = tf.where(momentum == 0.99, 0.5, momentum)
        return old(inputs, training, return_endpoints, told)

    failed, _, _ = features.judge(rewrapped(features.model, tmp_path / "m", call))
    assert set(failed) == {"moving averages"}
    assert len(failed["moving averages"]) == 2 * 13
