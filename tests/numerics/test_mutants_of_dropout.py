"""Mutants that drop out where the original does not, not where it does, or at another rate."""

import numpy as np
import pytest
from support.mutating import edited, nodes, rewrapped

pytestmark = pytest.mark.numerics


@pytest.mark.full
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


@pytest.mark.full
def test_dropout_missing(logits, tmp_path):
    def call(old, inputs, training, return_endpoints, momentum):
        import tensorflow as tf

        if not training:
            return old(inputs, training, return_endpoints, momentum)
        found = dict(old(inputs, training, True, momentum))
        weights = {v.name: v for v in old.variables}
        scope = "Short/Logits/Conv2d_1c_1x1"
        pooled = tf.squeeze(found["Short/global_pool"], [1, 2])
        plain = pooled @ weights[f"{scope}/weights:0"][0, 0] + weights[f"{scope}/biases:0"]
        found |= {"default": plain, "Short/Logits": plain}
        found["Short/Predictions"] = tf.nn.softmax(plain)
        return found if return_endpoints else found["default"]

    failed, _, messages = logits.judge(rewrapped(logits.model, tmp_path / "m", call))
    assert failed["dropout"][0] == "__call__"
    assert "found equal ones" in messages["dropout", "__call__"]
