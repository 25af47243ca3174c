"""The interface of `classification`, and of other sizes and momenta."""

import pytest
from support import short_network

from exporter import quiet

pytestmark = pytest.mark.integration

IMAGE_SIZE = f"--image_size={short_network.SIZE}"


def described(specs):
    return {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in specs.items()}


def inspected(folder):
    """Loads a model and says what it takes, gives, changes and refuses."""
    quiet.import_tensorflow()
    import tensorflow as tf

    model, size = tf.saved_model.load(str(folder)), short_network.SIZE
    images = tf.zeros([2, size, size, 3])
    served = model.signatures["serving_default"]
    before = [v.numpy() for v in model.variables]
    end_points = model(images, return_endpoints=True)
    pairs = zip(before, model.variables, strict=True)
    unchanged = all((a == b.numpy()).all() for a, b in pairs)
    model(images, training=True)
    pairs = zip(before, model.variables, strict=True)
    changed = [v.name for a, v in pairs if (a != v.numpy()).any()]
    with pytest.raises(ValueError, match="Option 4:"):
        model(tf.zeros([1, size + 1, size + 1, 3]))
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(model(images, training=True) ** 2)
    twice = [[g is not None for g in tape.gradient(loss, model.trainable_variables)] for _ in "12"]
    return {
        "inputs": described(served.structured_input_signature[1]),
        "outputs": described(served.structured_outputs),
        "end_points": end_points,
        "unchanged": unchanged,
        "changed": changed,
        "moving": [v.name for v in model.variables if not v.trainable],
        "gradients": twice,
    }


def test_classification(export, tmp_path):
    folder = tmp_path / "m"
    export(short_network.VARIANT, "classification", "seeded:0", folder, "--verify=false")
    found = inspected(folder)
    shapes = {name: value.shape.as_list() for name, value in found["end_points"].items()}
    assert found["inputs"] == {"inputs": ["float32", [None, 64, 64, 3]]}
    assert found["outputs"] == {"logits": ["float32", [None, 1001]]}
    assert len(shapes) == 23
    assert shapes["default"] == [2, 1001]
    assert shapes["Short/Logits"] == [2, 1001]
    assert shapes["Short/global_pool"] == [2, 1, 1, 128]
    assert shapes["Short/layer_2"] == [2, 16, 16, 16]
    predictions = found["end_points"]["Short/Predictions"].numpy()
    assert float(predictions.sum()) == pytest.approx(2, abs=1e-5)
    check_modes(found, 51)


@pytest.mark.full
def test_edgetpu_features(export, tmp_path):
    export(
        *("mobilenet_edgetpu_075_224", "feature_vector", "seeded:0", tmp_path / "m"),
        *(IMAGE_SIZE, "--verify=false"),
    )
    found = inspected(tmp_path / "m")
    assert found["outputs"] == {"feature_vector": ["float32", [None, 1280]]}
    expanded = found["end_points"]["MobilenetEdgeTPU/layer_3/expansion_output"]
    assert expanded.shape == [2, 16, 16, 128]
    check_modes(found, 174)


def check_modes(found, trainable):
    assert found["unchanged"], "an inference call must leave every variable alone"
    assert sorted(found["changed"]) == sorted(found["moving"])
    assert found["gradients"] == [[True] * trainable] * 2


def test_default_momentum(export, tmp_path):
    from tensorflow.core.protobuf import saved_model_pb2

    export(
        short_network.VARIANT,
        "feature_vector",
        "seeded:0",
        tmp_path / "m",
        "--verify=false",
        "--batch_norm_momentum=0.997",
    )
    data = (tmp_path / "m/saved_model.pb").read_bytes()
    objects = saved_model_pb2.SavedModel.FromString(data).meta_graphs[0].object_graph_def
    ids = {c.local_name: c.node_id for c in objects.nodes[0].children}
    spec = objects.nodes[ids["__call__"]].function.function_spec.fullargspec.named_tuple_value
    values = {pair.key: pair.value for pair in spec.values}
    arguments = [v.string_value for v in values["args"].list_value.values]
    assert arguments == ["inputs", "training", "return_endpoints", "batch_norm_momentum"]
    assert values["defaults"].tuple_value.values[2].float64_value == 0.997
