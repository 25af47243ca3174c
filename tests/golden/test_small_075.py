"""Against numbers that TF-Slim's own code produced from seeded weights and images."""

import numpy as np
import pytest
from support.checkpoints import golden_network, synth_module, write_checkpoint

pytestmark = [pytest.mark.golden, pytest.mark.published, pytest.mark.xdist_group("golden")]

# Of the largest value; on the processor that made the numbers they are usually equal.
INFERENCE = 1e-5
TRAINING = 1e-4


@pytest.fixture(scope="module")
def golden(shared):
    return (
        synth_module(shared),
        golden_network(shared),
        np.load(shared / "golden" / "small_075.npz"),
    )


@pytest.fixture(scope="module", params=["feature_vector", "classification"])
def task(request):
    return request.param


@pytest.fixture(scope="module")
def checkpoint(golden, tmp_path_factory):
    synth, network, _ = golden
    weights = synth.weights(network["variables"], network["seed"])
    return write_checkpoint(tmp_path_factory.mktemp("golden") / "model-1", weights)


@pytest.fixture(scope="module")
def model(checkpoint, task, export, tmp_path_factory):
    import tensorflow as tf

    folder = tmp_path_factory.mktemp(task) / "model"
    export("mobilenet_v3_small_075_224", task, checkpoint, folder, "--verify=false")
    return tf.saved_model.load(str(folder))


def assert_near(found, expected, tolerance):
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= tolerance * np.max(np.abs(expected))


def test_inference(golden, model, task):
    synth, network, numbers = golden
    end_points = model(synth.images(network["seed"]), return_endpoints=True)
    output = "fv" if task == "feature_vector" else "logits"
    assert_near(end_points["default"].numpy(), numbers[output], INFERENCE)
    layers = [name for name in numbers.files if name.startswith("layer_")]
    assert len(layers) == 15
    for layer in layers:
        found = end_points[f"MobilenetV3/{layer}"].numpy().mean(axis=(1, 2))
        assert_near(found, numbers[layer], INFERENCE)


def test_training(golden, model, task):
    import tensorflow as tf

    synth, network, numbers = golden
    variables = {v.name.split(":")[0]: v for v in model.variables}
    with tf.GradientTape() as tape:
        end_points = model(
            synth.images(network["seed"]),
            training=True,
            return_endpoints=True,
            batch_norm_momentum=0.9,
        )
        features = tf.squeeze(end_points["MobilenetV3/global_pool"], [1, 2])
        loss = tf.reduce_sum(features * synth.projection(features.shape[-1]))
    assert_near(features.numpy(), numbers["train_fv"], TRAINING)
    gradients = tape.gradient(loss, [variables[name] for name in numbers["grad_names"]])
    norms = np.array([np.linalg.norm(gradient.numpy().astype(float)) for gradient in gradients])
    # Of the largest norm: betas in front of another batch norm have a gradient of zero, so
    # their norms are nothing but rounding.
    assert_near(norms, numbers["grad_norms"], TRAINING)
    after = [variables[name].numpy().astype(float) for name in numbers["moving_names"]]
    found = np.array([[value.mean(), value.std()] for value in after])
    assert_near(found, numbers["moving_after"], TRAINING)


@pytest.mark.full
def test_verification(checkpoint, task, export, tmp_path):
    """What the numbers say is what the comparison with the graph says."""
    said = export("mobilenet_v3_small_075_224", task, checkpoint, tmp_path / "model")
    assert said["verification"]["passed"]
