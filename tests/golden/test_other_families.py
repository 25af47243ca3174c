"""Against numbers that TF-Slim's own code produced of the other families, a row each."""

import numpy as np
import pytest
from support.checkpoints import golden_module, golden_network, synth_module, write_checkpoint

pytestmark = [pytest.mark.golden, pytest.mark.published]

# Of the largest value. Training mode is ill-conditioned on seeded weights and four images: with
# oneDNN off, gradient norms move by up to 2 %. On the processor that made the numbers they are
# usually equal.
INFERENCE, TRAINING, GRADIENTS, AVERAGES = 5e-6, 5e-4, 2e-2, 5e-6
# Of the sum of the L2 losses, whose terms are added up in another order.
LOSS = 1e-6

# Name of the golden files, and the variant as on TensorFlow Hub.
SMALLEST = ("v2_100_224", "mobilenet_v2_100_224")
LARGE = [("inception_v3", "inception_v3"), ("resnet_v2_50", "resnet_v2_50")]
ROWS = [SMALLEST, *LARGE]
IN_TRAINING = [SMALLEST, *(pytest.param(row, marks=pytest.mark.full) for row in LARGE)]


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row[0])
def golden(request, shared):
    """The network's description, the numbers, and the variant."""
    from slim_nets.registry import variants

    name, variant = request.param
    numbers = np.load(shared / "golden" / f"{name}.npz")
    return golden_network(shared, name), numbers, variants()[variant]


@pytest.fixture(scope="module")
def images(golden, shared):
    network, *_ = golden
    draw = golden_module(shared, "images").images
    return draw(network["seed"], network.get("batch", 4), network["image_size"])


@pytest.fixture(scope="module")
def model(golden, shared, export, tmp_path_factory):
    """The export with logits, in front of which are the features."""
    import tensorflow as tf

    network, _, variant = golden
    folder = tmp_path_factory.mktemp(network["name"])
    weights = synth_module(shared).weights(network["variables"], network["seed"])
    checkpoint = write_checkpoint(folder / "model-1", weights)
    export(variant.name, "classification", checkpoint, folder / "model", "--verify=false")
    return tf.saved_model.load(str(folder / "model"))


def assert_near(found, expected, tolerance):
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= tolerance * np.max(np.abs(expected))


def features(end_points, variant):
    return np.squeeze(end_points[f"{variant.network.scope}/global_pool"].numpy(), (1, 2))


def test_variables_are_those_of_the_network_in_its_order(golden):
    network, numbers, variant = golden
    specs = variant.shape("classification").variables
    assert [[spec.name, list(spec.shape)] for spec in specs] == network["variables"]
    trainable = {s.name for s in variant.shape("feature_vector").variables if s.trainable}
    assert set(numbers["grad_names"].tolist()) == trainable


def test_inference(golden, model, images):
    """Not of every network do the numbers have end points; of those that do, all are named."""
    network, numbers, variant = golden
    start = f"{variant.network.scope}/"
    end_points = model(images, return_endpoints=True)
    assert_near(features(end_points, variant), numbers["fv"], INFERENCE)
    assert_near(end_points["default"].numpy(), numbers["logits"], INFERENCE)
    for key in (name for name in numbers.files if name.startswith("ep_")):
        value = end_points[start + key.removeprefix("ep_").removeprefix(start)].numpy()
        means = value.mean(axis=(1, 2)) if value.ndim == 4 else value
        assert_near(means, numbers[key], INFERENCE)
    if "end_points" in network:
        named = {start + name.removeprefix(start) for name, _ in network["end_points"]}
        assert set(end_points) == {"default", *named}


@pytest.mark.parametrize("golden", IN_TRAINING, ids=lambda row: row[0], indirect=True)
def test_training(golden, model, images, shared):
    import tensorflow as tf

    _, numbers, variant = golden
    variables = {v.name.split(":")[0]: v for v in model.variables}
    before = {name: variable.numpy() for name, variable in variables.items()}
    with tf.GradientTape() as tape:
        settings = {"training": True, "return_endpoints": True, "batch_norm_momentum": 0.9}
        end_points = model(images, **settings)
        pooled = tf.squeeze(end_points[f"{variant.network.scope}/global_pool"], [1, 2])
        loss = tf.reduce_sum(pooled * synth_module(shared).projection(pooled.shape[-1]))
    assert_near(pooled.numpy(), numbers["train_fv"], TRAINING)
    gradients = tape.gradient(loss, [variables[name] for name in numbers["grad_names"]])
    norms = np.array([np.linalg.norm(gradient.numpy().astype(float)) for gradient in gradients])
    # Of the largest norm: those of constants in front of a batch norm are nothing but rounding.
    assert_near(norms, numbers["grad_norms"], GRADIENTS)
    after = [variables[name].numpy().astype(float) for name in numbers["moving_names"]]
    found = np.array([[value.mean(), value.std()] for value in after])
    assert_near(found, numbers["moving_after"], AVERAGES)
    for name, value in before.items():
        variables[name].assign(value)


def test_regularization_loss(golden, model):
    """Of the networks whose numbers have it."""
    network, *_ = golden
    (loss,) = model.regularization_losses
    expected = network.get("regularization", loss().numpy())
    assert loss().numpy() == pytest.approx(expected, rel=LOSS)
