"""What a network that is a function consists of: what its output needs, under full names."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

from exporter.choices import variant_of
from exporter.errors import InvalidArgumentError
from exporter.trace import trace
from slim_nets.graph_network import GraphFunction
from slim_nets.network import NetworkError
from slim_nets.original import original

HOME = "support.graph_networks"


def variant(name, scope="", size=32, classes=None, **more):
    function = GraphFunction(f"{HOME}:{name}", scope and f"{HOME}:{scope}", **more)
    return variant_of(function, image_size=size, num_classes=classes)


ODD = {"name": "odd", "scope": "odd_scope"}
BARE = {"name": "bare", "scope": "bare_scope"}


def names(shape):
    return [spec.name for spec in shape.variables]


def test_a_variant_is_a_record():
    odd = variant(**ODD, features="Block", input_range=(0.0, 1.0))
    assert pickle.loads(pickle.dumps(odd)) == odd
    assert hash(odd) == hash(variant(**ODD, features="Block", input_range=(0.0, 1.0)))
    assert odd.name == "odd_32"
    assert odd.network.name == "odd"
    assert variant(**ODD, size=(32, 48)).name == "odd_32x48"
    assert variant(**ODD, size=None).image_size == (48, 48)
    assert variant("bare", size=None).image_size == (224, 224)
    assert variant(**ODD, size=None, any_size=True).name == "odd_48"


def test_what_the_output_does_not_need_is_left_out():
    """As auxiliary heads, step counters, and the logits of features."""
    shape = variant(**ODD).shape("classification")
    assert names(shape) == [
        "Odd/Conv_1/weights",
        "Odd/Conv_1/BatchNorm/beta",
        "Odd/Conv_1/BatchNorm/moving_mean",
        "Odd/Conv_1/BatchNorm/moving_variance",
        "Odd/Up/weights",
        "Odd/Up/biases",
        "Odd/Separable/depthwise_weights",
        "Odd/Separable/pointwise_weights",
        "Odd/Separable/BatchNorm/beta",
        "Odd/Separable/BatchNorm/moving_mean",
        "Odd/Separable/BatchNorm/moving_variance",
        "Odd/Logits/weights",
        "Odd/Logits/biases",
    ]
    assert [v.name for v in shape.variables if not v.trainable] == [
        name for name in names(shape) if "moving" in name
    ]
    features = variant(**ODD).shape("feature_vector")
    assert names(features) == names(shape)[:-2]
    assert features.output == (12,)
    bare = variant(**BARE).shape("classification")
    assert not [name for name in names(bare) if "aux" in name or "step" in name]
    taken = variant("plain", features="fc7").shape("feature_vector")
    assert names(taken) == [f"plain/{s}/{v}" for s in ("Conv", "Conv_1", "fc7") for v in KINDS]


KINDS = ("weights", "biases")


def test_end_points_have_the_scope_in_front_once():
    assert list(variant(**ODD).shape("classification").end_points) == [
        *("Odd/Conv_1", "Odd/Block", "Odd/Separable", "Odd/global_pool"),
        *("Odd/PreLogitsFlatten", "Odd/Logits", "Odd/Predictions"),
    ]
    features = variant(**ODD).shape("feature_vector").end_points
    assert features["Odd/global_pool"] == (1, 1, 12)
    bare = variant(**BARE, classes=9).shape("classification").end_points
    assert bare == {
        "Cell_0": (15, 15, 8),
        "global_pool": (8,),
        "Logits": (9,),
        "Predictions": (9,),
    }
    ends = variant("plain", features="fc7").shape("feature_vector").end_points
    assert list(ends) == ["plain/Conv", "plain/Conv_1", "plain/pool1", "plain/fc7"]


@pytest.mark.parametrize("classes", [1, 2, 7, 8, 1000])
def test_the_number_of_classes(classes):
    """It is worked out from two numbers, without building the function again."""
    shape = variant(**ODD, classes=classes).shape("classification")
    assert shape.output == (classes,)
    assert shape.variables[-2].shape == (12, classes)
    assert shape.end_points["Odd/Logits"] == (classes,)
    assert shape.variables[:-2] == variant(**ODD).shape("classification").variables[:-2]


def test_the_number_of_classes_that_a_function_does_not_say():
    assert variant(**BARE).shape("classification").output == (1001,)
    assert variant("feature_map").shape("feature_vector").output == (6,)
    assert variant("feature_map").all_variables()[0].name == "only/weights"


def test_images_of_any_size():
    shape = variant(**BARE, any_size=True).shape("feature_vector")
    assert shape.end_points["Cell_0"] == (0, 0, 8)
    assert shape.output == (8,)


@pytest.mark.parametrize("odd", [ODD, BARE, {"name": "feature_map"}])
def test_every_average_moves_by_the_momentum(odd):
    """Wherever the function has its decay from, and whether it moves at once or later."""
    task = "feature_vector"
    network = variant(**odd)
    specs = network.shape(task).variables
    drawn = np.random.RandomState(0)
    weights = {v.name: drawn.uniform(0.5, 1, v.shape).astype(np.float32) for v in specs}
    taken = dict(weights)
    traced = trace(network, task, taken)
    assert not taken
    averages = {v.name.partition(":")[0]: v for v in traced.variables if not v.trainable}
    assert len(averages) in (2, 4)
    images = tf.constant(drawn.uniform(0, 1, (2, 32, 32, 3)), tf.float32)
    traced.training(images, tf.constant(1.0))
    for name, average in averages.items():
        np.testing.assert_array_equal(average.numpy(), weights[name])
    traced.training(images, tf.constant(0.5))
    half = {name: average.numpy() for name, average in averages.items()}
    for name, average in averages.items():
        average.assign(weights[name])
    traced.training(images, tf.constant(0.0))
    for name, average in averages.items():
        assert not np.allclose(average, weights[name])
        np.testing.assert_allclose(half[name], (average + weights[name]) / 2, rtol=1e-5)


def test_the_session_moves_them_by_the_same_decay():
    network = original(variant(**ODD), "classification")
    assert [op.inputs[1].op.inputs[1].op.type for op in network.updates] == ["Sub"] * 4
    assert len({op.inputs[1].op.inputs[1].name for op in network.updates}) == 1


FAILING = {
    "fails": "found KeyError: 'no such layer' (tests/support/graph_networks.py:",
    "returns_no_pair": "returns no pair: expected (net, end_points), a tensor and a dict, found",
    "returns_a_map": "than a classification: expected float32 logits [batch, classes], found",
    "counts": "has variables of other types: expected float32, found 'count' int64. Mend",
    "unbiased": "updates variables in another way than slim.batch_norm: expected average -=",
    "regularizes_activations": "has regularization losses of activations: expected losses of wei",
    "missing": f"is missing: expected 'missing' in module '{HOME}', found bare, bare_scope, count",
    "NUMBER": "is not a function: expected one, found int. Change --network",
}


@pytest.mark.parametrize("name", FAILING)
def test_functions_that_break_the_convention(name):
    with pytest.raises(NetworkError) as caught:
        variant(name).shape("classification")
    assert FAILING[name] in str(caught.value)
    assert str(caught.value).startswith(("Network '", "Function '"))
    assert "\n" not in str(caught.value)


def test_the_last_lines_of_a_traceback_come_first():
    with pytest.raises(NetworkError) as caught:
        variant("fails").shape("feature_vector")
    told = str(caught.value)
    assert told.index("in _inner: `raise KeyError") < told.index("in fails: `return _inner(images)")
    assert "with num_classes=None, is_training=True: expected" in told
    assert told.endswith("which builds it with classes and takes the features from an end point.")


def test_features_have_no_end_points_behind_a_dropout():
    features = variant(**ODD, features="global_pool").shape("feature_vector")
    ends = [name.removeprefix("Odd/") for name in features.end_points]
    assert ends == ["Conv_1", "Block", "Separable", "global_pool"]


def test_an_end_point_that_is_not_there():
    with pytest.raises(NetworkError, match="has no end point 'fc9': expected one"):
        variant("plain", features="fc9").shape("feature_vector")
    with pytest.raises(NetworkError, match="is not a scope: expected a dict, as"):
        variant("bare", scope="no_scope").shape("feature_vector")


WRONG = {
    "named as one: expected package.module:function": {"function": "support.graph_networks"},
    "Input range 0,1e-60 is not a range": {"function": "a:b", "input_range": (0.0, 1e-60)},
    r"Input range -3e\+38,3e\+38 is not": {"function": "a:b", "input_range": (-3e38, 3e38)},
    "Input range 1,1 is not a range": {"function": "a:b", "input_range": (1.0, 1.0)},
    "End point 'a`b' is not": {"function": "a:b", "features": "a`b"},
    "expected package.module:function. Change --arg_scope": {"function": "a:b", "arg_scope": "x"},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_name_a_function(message):
    with pytest.raises(InvalidArgumentError, match=message):
        variant_of(GraphFunction(**WRONG[message]), image_size=32)
