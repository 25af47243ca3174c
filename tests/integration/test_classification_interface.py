"""The interface of `classification`, and of other sizes and momenta."""

import pytest

pytestmark = pytest.mark.integration

INSPECT = """
import json, sys
import tensorflow as tf
def described(specs):
    return {k: [v.dtype.name, v.shape.as_list()] for k, v in specs.items()}
model = tf.saved_model.load(sys.argv[1])
size = int(sys.argv[2])
images = tf.zeros([2, size, size, 3])
served = model.signatures["serving_default"]
before = [v.numpy() for v in model.variables]
end_points = model(images, return_endpoints=True)
unchanged = all((a == b.numpy()).all() for a, b in zip(before, model.variables))
model(images, training=True)
changed = [v.name for a, v in zip(before, model.variables) if (a != v.numpy()).any()]
try:
    model(tf.zeros([1, size + 1, size + 1, 3]))
    refused = ""
except ValueError as error:
    refused = str(error)
with tf.GradientTape(persistent=True) as tape:
    loss = tf.reduce_sum(model(images, training=True) ** 2)
twice = [[g is not None for g in tape.gradient(loss, model.trainable_variables)] for _ in "12"]
print(json.dumps({
    "inputs": described(served.structured_input_signature[1]),
    "outputs": described(served.structured_outputs),
    "end_points": {k: v.shape.as_list() for k, v in end_points.items()},
    "unchanged": unchanged,
    "changed": changed,
    "moving": [v.name for v in model.variables if not v.trainable],
    "refused": refused,
    "gradients": twice,
    "sum": float(tf.reduce_sum(end_points["MobilenetV3/Predictions"])) if len(sys.argv) > 3 else 0,
}))
"""


def test_classification(export, run_python, tmp_path):
    export(
        "mobilenet_v3_small_100_224",
        "classification",
        "seeded:0",
        tmp_path / "m",
        "--image_size=64",
        "--verify=false",
    )
    found = run_python(INSPECT, tmp_path / "m", 64, "predictions")
    assert found["inputs"] == {"inputs": ["float32", [None, 64, 64, 3]]}
    assert found["outputs"] == {"logits": ["float32", [None, 1001]]}
    assert len(found["end_points"]) == 51
    assert found["end_points"]["default"] == [2, 1001]
    assert found["end_points"]["MobilenetV3/Logits"] == [2, 1001]
    assert found["end_points"]["MobilenetV3/global_pool"] == [2, 1, 1, 1024]
    assert found["end_points"]["MobilenetV3/layer_2"] == [2, 16, 16, 16]
    assert found["sum"] == pytest.approx(2, abs=1e-5)
    check_modes(found, 142)


def test_edgetpu_features(export, run_python, tmp_path):
    export(
        "mobilenet_edgetpu_075_224", "feature_vector", "seeded:0", tmp_path / "m", "--verify=false"
    )
    found = run_python(INSPECT, tmp_path / "m", 224)
    assert found["outputs"] == {"feature_vector": ["float32", [None, 1280]]}
    assert found["end_points"]["MobilenetEdgeTPU/layer_3/expansion_output"] == [2, 56, 56, 128]
    check_modes(found, 174)


def check_modes(found, trainable):
    assert found["unchanged"], "an inference call must leave every variable alone"
    assert sorted(found["changed"]) == sorted(found["moving"])
    assert found["gradients"] == [[True] * trainable] * 2
    assert "Option 4:" in found["refused"]


ARGUMENTS = """
import json, sys
from tensorflow.core.protobuf import saved_model_pb2
data = open(sys.argv[1] + "/saved_model.pb", "rb").read()
objects = saved_model_pb2.SavedModel.FromString(data).meta_graphs[0].object_graph_def
ids = {c.local_name: c.node_id for c in objects.nodes[0].children}
spec = objects.nodes[ids["__call__"]].function.function_spec.fullargspec.named_tuple_value
values = {pair.key: pair.value for pair in spec.values}
print(json.dumps({
    "args": [v.string_value for v in values["args"].list_value.values],
    "momentum": values["defaults"].tuple_value.values[2].float64_value,
}))
"""


def test_default_momentum(export, run_python, tmp_path):
    export(
        "mobilenet_v3_small_075_224",
        "feature_vector",
        "seeded:0",
        tmp_path / "m",
        "--verify=false",
        "--batch_norm_momentum=0.997",
    )
    assert run_python(ARGUMENTS, tmp_path / "m") == {
        "args": ["inputs", "training", "return_endpoints", "batch_norm_momentum"],
        "momentum": 0.997,
    }
