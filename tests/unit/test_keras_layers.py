"""The networks as Keras models: built of Keras' own layers, variables by the checkpoint's names."""

import json

import numpy as np
import pytest
from support import short_network
from support.each_variant import at_few_pixels, each_variant

from exporter import quiet
from slim_nets.network import TASKS
from slim_nets.registry import resized, variants

SMALL = variants()[short_network.VARIANT]


@pytest.fixture(scope="module")
def nets():
    quiet.import_tensorflow()
    from slim_nets import keras_model
    from slim_nets.layers import keras as keras_layers

    def make(variant, task, output="output", momentum=0.99, **options):
        size = {"any_size": options.pop("any_size", False)}
        layers = keras_layers.KerasLayers(output, momentum, **options)
        return keras_model.keras_model(variant, task, layers, images="inputs", **size)

    make.module = keras_model
    return make


@pytest.fixture(scope="module")
def small(nets):
    return {task: nets(SMALL, task, output="last", momentum=0.9) for task in TASKS}


@pytest.mark.parametrize("name", each_variant())
def test_variables_are_those_of_the_table(nets, name):
    variant = at_few_pixels(variants()[name], 32)
    model = nets(variant, "classification")
    variables = nets.module.variables_of(model, variant, "classification")
    shape = variant.shape("classification")
    assert {n: tuple(v.shape) for n, v in variables.items()} == {
        spec.name: spec.shape for spec in shape.variables
    }
    trainable = {id(v) for v in model.trainable_variables}
    assert {n for n, v in variables.items() if id(v) in trainable} == {
        spec.name for spec in shape.variables if spec.trainable
    }
    assert len(model.losses) == sum(spec.weight_decay > 0 for spec in shape.variables)
    assert model.output_shape == (None, *shape.output)


@pytest.mark.parametrize("task", TASKS)
def test_end_points_are_those_of_the_table(nets, small, task):
    rich = nets.module.with_end_points(small[task], SMALL, task)
    shape = SMALL.shape(task)
    found = {name: tensor.shape[1:] for name, tensor in rich.output.items()}
    assert found == shape.end_points | {"default": shape.output}


def test_images_of_any_size(nets):
    """With the variables and layers of a model of one size."""
    variant = resized(variants()["mobilenet_v1_025_128"], image_size=32)
    sized = nets(variant, "classification")
    model = nets(variant, "classification", any_size=True)
    assert model.input_shape == (None, None, None, 3)
    assert model.output_shape == sized.output_shape == (None, 1001)
    assert [layer.name for layer in model.layers] == [layer.name for layer in sized.layers]
    model.set_weights(sized.get_weights())
    for shape in ((2, 32, 32, 3), (1, 48, 40, 3)):
        images = np.random.RandomState(0).random_sample(shape).astype(np.float32)
        assert model(images).shape == (shape[0], 1001)
    images = np.full((1, 32, 32, 3), 0.25, np.float32)
    np.testing.assert_array_equal(model(images), sized(images))


@pytest.mark.parametrize("task", TASKS)
def test_keras_alone_loads_it(small, task):
    layers = json.loads(small[task].to_json())["config"]["layers"]
    assert {layer["module"] for layer in layers} == {"keras.layers"}
    assert all(layer["registered_name"] is None for layer in layers)
    assert "Lambda" not in {layer["class_name"] for layer in layers}


def test_dropout_in_classification_only(small):
    drop = {t: [x.rate for x in m.layers if x.name == "dropout"] for t, m in small.items()}
    assert drop == {"feature_vector": [], "classification": [pytest.approx(0.2)]}


def test_the_output_has_its_name(small):
    assert {t: m.output_names for t, m in small.items()} == {task: ["last"] for task in TASKS}


def test_batch_norm(small):
    layers = [x for x in small["feature_vector"].layers if hasattr(x, "moving_mean")]
    assert {(x.epsilon, x.momentum) for x in layers} == {(0.001, 0.9)}


def test_the_gates_slope_is_the_checkpoints(nets, small):
    rescaling = [x for x in small["feature_vector"].layers if x.name.endswith("_hard_sigmoid")]
    assert {x.scale for x in rescaling} == {0.16667}


def test_losses_are_tf_slims(nets, small):
    variables = nets.module.variables_of(small["feature_vector"], SMALL, "feature_vector")
    regularized = [s.name for s in SMALL.shape("feature_vector").variables if s.weight_decay]
    squares = sum(np.sum(np.square(variables[name].numpy(), dtype="d")) for name in regularized)
    found = sum(float(loss) for loss in small["feature_vector"].losses)
    assert found == pytest.approx(4e-5 * squares / 2, rel=1e-5)


def test_without_losses(nets):
    assert nets(SMALL, "feature_vector", regularized=False).losses == []


def test_a_copy_in_float64_has_the_same_numbers_of_float32(nets, small):
    """A SavedModel has an epsilon of float32, and so has what is compared with it."""
    model = small["classification"]
    copy = nets.module.in_float64(model)
    for own, given in zip(copy.weights, model.weights, strict=True):
        assert own.path == given.path
        assert (own.dtype, given.dtype) in {("float64", "float32"), ("uint32", "uint32")}
        np.testing.assert_array_equal(own.numpy(), given.numpy())
    epsilons = {layer.epsilon for layer in copy.layers if hasattr(layer, "epsilon")}
    assert epsilons == {float(np.float32(0.001))}
    images = np.random.RandomState(0).random_sample((2, *model.input_shape[1:])).astype(np.float32)
    found, expected = copy(images).numpy(), model(images).numpy()
    assert (found.dtype, expected.dtype) == (np.float64, np.float32)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
