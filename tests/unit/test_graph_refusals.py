"""Functions that build what no SavedModel of a network can have, or collect things twice."""

import numpy as np
import pytest
import tensorflow as tf

from exporter.choices import variant_of
from slim_nets.graph_network import GraphFunction
from slim_nets.network import NetworkError
from slim_nets.original import original
from slim_nets.original_network import compared_by_identity


def variant(name, size=16):
    return variant_of(GraphFunction(f"support.unusual_networks:{name}"), image_size=size)


REFUSED = {
    "moves_in_prediction": "changes variables in prediction: expected that in training alone, fou",
    "makes_variables_anew": "anew for prediction: expected those of training, found 'predict/weig",
    "has_references": "has reference variables: expected resource variables, found 'old/weights'.",
    "asks_to_be_fed": "expected nothing else to be fed, found 'predict/keep_prob', 'train/keep_pr",
    "calls_python": "calls Python when it is run: expected ops that a SavedModel can hold, found ",
    "reads_a_file": "expected a network that computes alone, found 'predict/ReadFile', 'train/Re",
    "has_no_variables": "has no variables: expected some that a checkpoint holds, found none. Mend",
    "takes_no_names": "keyword arguments: 'num_classes, is_training'. Mend the function.",
    "has_a_graph_of_its_own": "returns a tensor of another graph: expected one of the default gra",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_saved_model_can_have(name):
    with pytest.raises(NetworkError) as caught:
        variant(name).shape("classification")
    assert REFUSED[name] in str(caught.value)
    assert str(caught.value).startswith(f"Network 'support.unusual_networks:{name}' ")


@pytest.mark.parametrize("by_value", [True, False])
def test_tensors_are_compared_as_before_after_a_failure(by_value):
    if not by_value:
        tf.compat.v1.disable_tensor_equality()
    try:
        with pytest.raises(ZeroDivisionError), compared_by_identity():
            assert (tf.constant([1, 2]) == tf.constant([1, 2])) is False
            raise ZeroDivisionError
        same = tf.constant([1, 2]) == tf.constant([1, 2])
    finally:
        tf.compat.v1.enable_tensor_equality()
    assert np.all(same) == by_value


def test_what_is_collected_again_for_prediction_counts_once():
    """Losses that a function collects itself, and updates of layers that always train."""
    network = original(variant("collects_losses"), "classification")
    with tf.compat.v1.Session(graph=network.graph) as session:
        session.run([v.initializer for v in network.variables.values()])
        loss, weights = session.run([network.regularization, network.variables["weights"]])
    assert loss == pytest.approx((weights**2).sum() / 2)
    assert len(original(variant("always_trains"), "classification").updates) == 2


def test_updates_count_wherever_they_are_collected():
    assert len(original(variant("collects_elsewhere"), "classification").updates) == 2


def test_what_fails_for_both_tasks_is_told_of_classes():
    failing = variant_of(GraphFunction("support.graph_networks:fails"), image_size=16)
    with pytest.raises(NetworkError, match="for training with num_classes=3, is_training=True"):
        failing.all_variables()


def test_nothing_is_on_a_device():
    graph = original(variant("has_a_device"), "classification").graph
    assert not {op.device for op in graph.get_operations()} - {""}


def test_an_end_point_of_no_known_rank_and_one_of_text():
    assert variant("collects_losses").shape("classification").end_points == {"of_no_rank": ()}


def test_a_usual_size_that_is_none():
    with pytest.raises(NetworkError, match=r"is none: expected a number of pixels, found \(224, 2"):
        variant("has_ten_classes", size=None)
