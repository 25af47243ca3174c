"""ONNX: what the file says of itself, its gates, its bytes, and that other weights are refused."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from support import converted, handmade
from tf2onnx import constants

from exporter import __version__, digests
from exporter.converters.format_table import ONNX_IR, ONNX_OPSET
from exporter.converters.source_model import source_of

pytestmark = pytest.mark.integration

# Of the largest value: what folding the batch norm and one pass less cost.
CLOSE = 2e-6


@pytest.fixture(scope="module")
def written(saved, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    return converted.convert("onnx", source_of(saved), folder, author="A. Uthor", license="MIT")


def test_names_and_free_batch(written):
    session = onnxruntime.InferenceSession(written)
    (images,), (features,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.shape) == ("inputs", ["batch", 8, 8, 3])
    assert (features.name, features.shape) == ("feature_vector", ["batch", 4])


@pytest.mark.parametrize("size", [1, 2, 7])
def test_any_batch_size_and_threads(saved, written, size):
    images = np.resize(converted.IMAGES, (size, 8, 8, 3))
    assert converted.difference("onnx", saved, written, images) < CLOSE
    one = converted.run("onnx", written, {"inputs": images}, threads=1)["feature_vector"]
    assert one.shape == (size, 4)


def test_says_what_it_was_made_from(saved, written):
    model = onnx.load(written)
    assert {prop.key: prop.value for prop in model.metadata_props} == {
        "author": "A. Uthor",
        "license": "MIT",
        "producer": f"slim-export {__version__}",
        "source_sha256": digests.of_folder(saved),
    }
    assert (model.producer_name, model.producer_version) == ("slim-export", __version__)


def test_the_report_states_opset_and_ir(saved, written):
    versions = converted.report("onnx", saved, written).versions
    assert (versions["ONNX opset"], versions["ONNX IR"]) == ("18", "8")


def test_newest_opset_that_both_know(written):
    model = onnx.load(written)
    (opset,) = {entry.version for entry in model.opset_import if not entry.domain}
    assert opset == ONNX_OPSET == max(constants.OPSET_TO_IR_VERSION)
    assert onnx.load(written).ir_version == ONNX_IR == constants.OPSET_TO_IR_VERSION[opset]
    onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (converted.hard_swish, {"HardSigmoid": 1, "Mul": 2}),
        (lambda x: x * (tf.nn.relu6(x + 3.0) * (1 / 6)), {"HardSigmoid": 1, "Mul": 2}),
        (lambda x: converted.gate(x, 1 / 6), {"HardSigmoid": 1, "Mul": 1}),
        # Its end is 1.00002, where that of a HardSigmoid is 1.
        (converted.gate, {"Clip": 1, "Mul": 2}),
        (lambda x: tf.nn.relu6(x + 2.0) * (1 / 6), {"HardSigmoid": 1, "Mul": 1}),
    ],
)
def test_gates(activation, expected, tmp_path):
    saved = converted.save_gated(tmp_path / "model", activation)
    target = converted.convert("onnx", source_of(saved), tmp_path / "out")
    found = Counter(node.op_type for node in onnx.load(target).graph.node)
    counted = {op: n for op, n in found.items() if op in {"HardSigmoid", "Clip", "Mul"}}
    assert counted == expected  # one of the products is the rescaling of the images
    assert converted.difference("onnx", saved, target) < CLOSE


def test_branches_keep_their_names(tmp_path):
    def body(inputs, training, momentum):
        brighter = tf.reduce_mean(inputs) > 0.5
        return tf.cond(brighter, lambda: inputs * 2.0, lambda: tf.nn.relu(inputs - 0.3))[:, 0, 0]

    saved = handmade.save(tmp_path / "model", body=body)
    target = converted.convert("onnx", source_of(saved), tmp_path / "out")
    for images in (converted.IMAGES, converted.IMAGES / 2):
        assert converted.difference("onnx", saved, target, images) < CLOSE


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_end_points(name, small_export, tmp_path):
    source = source_of(small_export).end_points()
    target = converted.convert(name, source, tmp_path)
    images = np.random.RandomState(0).random_sample((1, 64, 64, 3)).astype(np.float32)
    expected = source.expected([images])
    found = converted.run(name, target, {"inputs": images})
    assert found.keys() == expected.keys()
    assert "Short/layer_2/depthwise_output" in found
    for end_point, value in expected.items():
        assert found[end_point].shape == value.shape
        assert np.abs(found[end_point] - value).max() < 1e-4 * np.abs(value).max(), end_point


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_other_weights_are_refused(name, saved, written, tmp_path):
    same = converted.convert(name, source_of(saved), tmp_path / "same")
    assert converted.report(name, saved, same).passed
    other = handmade.save(tmp_path / "model", handmade.Network(1))
    target = converted.convert(name, source_of(other), tmp_path / "other")
    found = converted.report(name, saved, target)
    assert {check.status for check in found.checks} == {"failed"}
    assert "times the reference's own float noise" in found.checks[0].reason


@pytest.mark.full
@pytest.mark.published
@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_published_model(name, published_model, shared, tmp_path):
    images = {"images": f"{shared}/photos/*.jpg"}
    target = converted.convert(name, source_of(published_model), tmp_path, **images)
    found = converted.report(name, published_model, target, **images)
    assert found.passed, found.verdict()
    photographs = [c.max_rel for c in found.checks if c.case.startswith("photographs")]
    assert len(photographs) == 3
    assert max(photographs) < 1e-5
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 4.3e6
