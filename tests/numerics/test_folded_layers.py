"""Folded batch norms must give what unfolded ones give, up to rounding, in every network."""

from dataclasses import replace

import numpy as np
import pytest
from support.each_variant import at_few_pixels, each_variant
from support.gaps import gap

from exporter import quiet
from slim_nets.network import TASKS
from slim_nets.registry import resized, variants

pytestmark = pytest.mark.numerics

SIZE = 64

# Of the largest value: kernels are rounded once more, and sums go in another order. The most
# that was seen is 1.2e-5, of mobilenet_v2_130_224.
OUTPUT_ROUNDING = 2e-5
# Of a variable's largest gradient, which sums over every place of a feature map.
GRADIENT_ROUNDING = 1e-4


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    quiet.import_tensorflow()


@pytest.fixture(scope="module")
def images():
    return np.random.RandomState(0).rand(2, SIZE, SIZE, 3).astype(np.float32)


def seeded(variant, task, folder):
    import tensorflow as tf

    from checkpoints.reader import open_checkpoint
    from exporter.archives import FetchOptions
    from exporter.sources import Seeded

    stored = open_checkpoint(Seeded(3).open(variant, folder, FetchOptions()).prefix)
    specs = variant.shape(task).variables
    return {
        spec.name: tf.Variable(stored.read(spec.name), trainable=spec.trainable) for spec in specs
    }


def outputs(images, variant, task, variables):
    """Returns the output with batch norms as they are, and folded."""
    from slim_nets.layers.folded import FoldedLayers
    from slim_nets.layers.tf import TfLayers

    return [
        variant.end_points(images, task, layers(variables))["default"]
        for layers in (TfLayers, FoldedLayers)
    ]


@pytest.mark.parametrize("name", each_variant())
@pytest.mark.parametrize("task", TASKS)
def test_outputs(tmp_path, name, task):
    variant = at_few_pixels(variants()[name], SIZE)
    images = np.random.RandomState(0).rand(2, *variant.image_size, 3).astype(np.float32)
    expected, found = outputs(images, variant, task, seeded(variant, task, tmp_path))
    assert 0 < gap(expected.numpy(), found.numpy()) <= OUTPUT_ROUNDING


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v3_small_075_224",
        "mobilenet_v3_large_minimalistic_100_224",
        "mobilenet_edgetpu_075_224",
        "mobilenet_v1_025_128",
    ],
)
def test_gradients(tmp_path, images, name):
    import tensorflow as tf

    from exporter.verifier.subjects.subject import projected

    variant = resized(variants()[name], image_size=SIZE)
    variables = seeded(variant, "feature_vector", tmp_path)
    with tf.GradientTape(persistent=True) as tape:
        losses = [projected(o) for o in outputs(images, variant, "feature_vector", variables)]
    trainable = {name: v for name, v in variables.items() if v.trainable}
    expected, found = (tape.gradient(loss, trainable) for loss in losses)
    gaps = {n: gap(expected[n].numpy(), found[n].numpy()) for n in trainable}
    assert max(gaps.values()) <= GRADIENT_ROUNDING


@pytest.mark.parametrize("epsilon", [1e-4, 1.01e-3])
def test_another_epsilon_is_no_rounding(tmp_path, images, monkeypatch, epsilon):
    from slim_nets.layers.folded import FoldedLayers
    from slim_nets.layers.protocol import BatchNorm

    right = FoldedLayers._scale

    def wrong(layers, layer):
        norm = layer.batch_norm and BatchNorm(epsilon)
        return right(layers, replace(layer, batch_norm=norm))

    monkeypatch.setattr(FoldedLayers, "_scale", wrong)
    variant = resized(variants()["mobilenet_v3_small_075_224"], image_size=SIZE)
    variables = seeded(variant, "feature_vector", tmp_path)
    expected, found = outputs(images, variant, "feature_vector", variables)
    assert gap(expected.numpy(), found.numpy()) > OUTPUT_ROUNDING
