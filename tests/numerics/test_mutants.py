"""Every mutant of an exported model must be caught, and named at the right place."""

import numpy as np
import pytest

pytestmark = pytest.mark.numerics

BLOCK = "Short/expanded_conv_2"


def test_the_models_themselves_pass(features, logits):
    assert features.judge(features.model, rules=True) == ({}, [], {})
    assert logits.judge(logits.model, rules=True) == ({}, [], {})


@pytest.mark.full
def test_a_model_saved_again_passes(features, tmp_path):
    """So what fails below is the mutation, not the way in which it was made."""
    from support.mutating import rewrapped

    assert features.judge(rewrapped(features.model, tmp_path / "m"), rules=True)[0] == {}


def test_one_weight_by_one_ulp(features, tmp_path):
    from support.mutating import reweighted

    name = f"{BLOCK}/depthwise/depthwise_weights"

    def change(weights):
        weights[name][1, 1, 0, 0] = np.nextafter(weights[name][1, 1, 0, 0], np.float32(99))

    failed, _, messages = features.judge(reweighted(features.model, tmp_path / "m", change))
    assert failed["weights"] == [name]
    assert failed["end points"][0] == "Short/layer_4/depthwise_output"
    message = messages["end points", "Short/layer_4/depthwise_output"]
    assert message.startswith("probe '")
    assert "row 4 of 8 of short_075_64: bneck 3x3, exp_size 88" in message


@pytest.mark.full
def test_gamma_and_beta_swapped(features, tmp_path):
    from support.mutating import reweighted

    scope = f"{BLOCK}/expand/BatchNorm"

    def change(weights):
        gamma, beta = f"{scope}/gamma", f"{scope}/beta"
        weights[gamma], weights[beta] = weights[beta], weights[gamma]

    failed, _, _ = features.judge(reweighted(features.model, tmp_path / "m", change))
    assert failed["weights"] == [f"{scope}/gamma", f"{scope}/beta"]
    assert failed["end points"][0] == "Short/layer_4/expansion_output"


def test_epsilon(features, tmp_path):
    from support.mutating import edited, nodes

    def change(graph):
        for body in ("inference", "training"):
            for node in nodes(graph, body, "FusedBatchNormV3"):
                node.attr["epsilon"].f = 1e-5

    failed, found, _ = features.judge(edited(features.model, tmp_path / "m", change), explain=True)
    assert failed["end points"][0] == "Short/layer_1"
    assert failed["training"][:2] == ["__call__", "Short/layer_1"]
    assert "weights" not in failed
    assert found == ["batch-norm epsilon"]


def test_gate_of_one_sixth(features, tmp_path):
    from support.mutating import edited, nodes

    def change(graph):
        import tensorflow as tf

        changed = 0
        for body in ("inference", "training"):
            for node in nodes(graph, body, "Const"):
                value = tf.make_ndarray(node.attr["value"].tensor)
                if value.shape == () and value == np.float32(0.16667):
                    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.float32(1 / 6)))
                    changed += 1
        assert changed == 4

    failed, found, _ = features.judge(edited(features.model, tmp_path / "m", change), explain=True)
    assert failed["end points"][0] == "Short/layer_2/output"
    assert found == ["slope of the squeeze-and-excite gate"]


def test_one_block_padded_explicitly(features, tmp_path):
    from support.mutating import bodies, constant, edited, nodes

    def change(graph):
        for body in ("inference", "training"):
            function = bodies(graph)[body]
            (node,) = nodes(graph, body, "DepthwiseConv2dNative", "Short/expanded_conv_1/")
            around = constant(function, "around", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], "i4"))
            pad = function.node_def.add(name="padded", op="Pad")
            pad.input.extend([node.input[0], around])
            pad.attr["T"].type = 1
            pad.attr["Tpaddings"].type = 3
            node.input[0] = "padded:output:0"
            node.attr["padding"].s = b"VALID"

    failed, found, _ = features.judge(edited(features.model, tmp_path / "m", change), explain=True)
    assert failed["end points"][0] == "Short/layer_3/depthwise_output"
    assert found == ["padding"]


@pytest.mark.full
def test_relu_for_a_hard_swish(features, tmp_path):
    from support.mutating import bypass, edited, nodes

    def change(graph):
        for body in ("inference", "training"):
            scope = "Short/expanded_conv_3/expand/"
            (relu6,) = nodes(graph, body, "Relu6", scope)
            # x relu6(x + 3) / 6, of which the last product is the output.
            muls = [n for n in nodes(graph, body, "Mul", scope) if n.input[0].endswith(":z:0")]
            last = muls[-1]
            x = next(n for n in nodes(graph, body, "FusedBatchNormV3", scope)).name + ":y:0"
            bypass(last, x)
            last.op = "Relu"
            # Consumers name outputs by the op's own name for them.
            rename(graph, body, f"{last.name}:z:0", f"{last.name}:activations:0")
            assert relu6.op == "Relu6"

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change))
    assert failed["end points"][0] == "Short/layer_5/expansion_output"


def rename(graph, body, old, new):
    from support.mutating import nodes

    for node in nodes(graph, body):
        for place, value in enumerate(node.input):
            if value == old:
                node.input[place] = new


@pytest.mark.full
def test_residual_dropped(features, tmp_path):
    from support.mutating import bypass, edited, nodes

    def change(graph):
        for body in ("inference", "training"):
            adds = [n for n in nodes(graph, body, "AddV2") if not n.name.startswith("Short")]
            node = adds[0]
            bypass(node, node.input[0])
            rename(graph, body, f"{node.name}:z:0", f"{node.name}:output:0")

    failed, _, _ = features.judge(edited(features.model, tmp_path / "m", change))
    assert failed["end points"][0] == "Short/layer_4/output"


def test_rescaling_missing(features, tmp_path):
    from support.mutating import bypass, edited, nodes

    def change(graph):
        for body in ("inference", "training"):
            (mul,) = [n for n in nodes(graph, body, "Mul") if n.name == "mul"]
            (sub,) = [n for n in nodes(graph, body, "Sub") if n.name == "sub"]
            bypass(sub, mul.input[0])
            rename(graph, body, "sub:z:0", "sub:output:0")

    failed, found, _ = features.judge(edited(features.model, tmp_path / "m", change), explain=True)
    assert failed["end points"][0] == "Short/layer_1"
    assert found == ["input range"]
