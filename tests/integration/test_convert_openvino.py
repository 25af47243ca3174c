"""OpenVINO's IR: its names and precision, and the gates that it would take for others."""

import xml.etree.ElementTree as ET

import numpy as np
import openvino
import pytest
import tensorflow as tf
from support import converted

from exporter.converters.formats.openvino import opened
from exporter.converters.graphs import gates
from exporter.converters.source_model import source_of

pytestmark = pytest.mark.integration

# Of the largest value: what folding the batch norm and other kernels cost.
CLOSE = 2e-6
# What a gate whose slope is 1/6 is away from one whose slope is 0.16667, 2e-5, and a little less.
ANOTHER_SLOPE = 1e-5


@pytest.fixture(scope="module")
def written(saved, tmp_path_factory):
    return converted.convert("openvino", source_of(saved), tmp_path_factory.mktemp("openvino"))


def test_names_and_free_batch(written):
    model = openvino.Core().read_model(written)
    (images,), (features,) = model.inputs, model.outputs
    assert images.get_names() == {"inputs"}
    assert features.get_names() == {"feature_vector"}
    assert str(images.get_partial_shape()) == "[?,8,8,3]"
    assert str(features.get_partial_shape()) == "[?,4]"


def test_float32(written):
    types = {node.get("element_type") for node in ET.parse(written).iter("data")}
    assert "f32" in types
    assert not types & {"f16", "bf16"}


@pytest.mark.parametrize("size", [1, 2, 7])
def test_any_batch_size_and_threads(saved, written, size):
    images = np.resize(converted.IMAGES, (size, 8, 8, 3))
    assert converted.difference("openvino", saved, written, images) < CLOSE
    one = converted.run("openvino", written, {"inputs": images}, threads=1)["feature_vector"]
    assert one.shape == (size, 4)


def test_what_is_compiled_has_the_shapes_that_are_given(written, monkeypatch):
    compiled = []
    compile_model = openvino.Core.compile_model

    def seen(core, model, *settings):
        compiled.append([str(port.get_partial_shape()) for port in model.inputs])
        return compile_model(core, model, *settings)

    monkeypatch.setattr(openvino.Core, "compile_model", seen)
    with opened(written, None) as run:
        assert compiled == [["[1,8,8,3]"]]
        for size in (1, 3, 3, 2):
            images = np.resize(converted.IMAGES, (size, 8, 8, 3))
            assert run({"inputs": images})["feature_vector"].shape == (size, 4)
    assert compiled == [["[1,8,8,3]"], ["[3,8,8,3]"], ["[2,8,8,3]"]]


def in_order(x):
    return converted.hard_swish(x, 0.16667)


def in_order_and_scaled(x):
    return in_order(x) * 0.3


@pytest.mark.parametrize(
    "activation",
    [
        converted.gate,
        in_order,
        lambda x: x * converted.gate(x),
        in_order_and_scaled,
        # In another order, the same.
        pytest.param(lambda x: converted.gate(x) * x, marks=pytest.mark.full),
        pytest.param(lambda x: x * (0.16667 * tf.nn.relu6(3.0 + x)), marks=pytest.mark.full),
        pytest.param(
            lambda x: tf.nn.relu6(tf.identity(x) + 3.0) * tf.constant(0.16667) * x,
            marks=pytest.mark.full,
        ),
        pytest.param(lambda x: x * (0.16667 * tf.nn.relu6(3.0 + x)) * 0.3, marks=pytest.mark.full),
    ],
)
def test_gates_keep_their_slope(activation, tmp_path, monkeypatch):
    saved = converted.save_gated(tmp_path / "model", activation)
    source = source_of(saved)
    target = converted.convert("openvino", source, tmp_path / "out")
    assert converted.difference("openvino", saved, target) < CLOSE
    # Left as it is, OpenVINO takes it for another one: else this test would show nothing. It
    # sees through the product in this order and leaves it.
    if activation not in {in_order, in_order_and_scaled}:
        monkeypatch.setattr(gates, "with_gates_spelled_out", lambda graph: graph)
        plain = converted.convert("openvino", source, tmp_path / "plain")
        assert converted.difference("openvino", saved, plain) > ANOTHER_SLOPE


@pytest.mark.parametrize(
    ("activation", "op"),
    [(lambda x: converted.gate(x, 1 / 6), "HSigmoid"), (converted.hard_swish, "HSwish")],
)
def test_a_slope_of_one_sixth_is_left_alone(activation, op, tmp_path):
    saved = converted.save_gated(tmp_path / "model", activation)
    target = converted.convert("openvino", source_of(saved), tmp_path / "out")
    assert op in {layer.get("type") for layer in ET.parse(target).iter("layer")}
    assert converted.difference("openvino", saved, target) < CLOSE


def test_a_gate_that_is_not_spelled_out_is_refused(tmp_path, monkeypatch):
    saved = converted.save_gated(tmp_path / "model", lambda x: x * converted.gate(x))
    target = converted.convert("openvino", source_of(saved), tmp_path / "out")
    assert converted.report("openvino", saved, target).passed
    monkeypatch.setattr(gates, "with_gates_spelled_out", lambda graph: graph)
    plain = converted.convert("openvino", source_of(saved), tmp_path / "plain")
    assert not converted.report("openvino", saved, plain).passed
