"""Arguments with their default are left out of a Keras file, and nothing else."""

import keras
import pytest

from exporter.converters.keras.keras_config import without_defaults


def config_of(layer):
    return keras.saving.serialize_keras_object(layer)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="a"),
        keras.layers.BatchNormalization(momentum=0.9, name="b"),
        keras.layers.Rescaling(2.0, name="c"),
        keras.layers.ReLU(6.0, name="d"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_the_same_layer_is_made_again(layer):
    config = config_of(layer)
    shorter = without_defaults(config)
    assert config_of(keras.saving.deserialize_keras_object(shorter)) == config


def test_what_newer_keras_brought_is_left_out_and_other_values_stay():
    layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=0.001, name="b")
    config = without_defaults(config_of(layer))["config"]
    assert config["momentum"] == 0.9
    assert not {"epsilon", "renorm", "renorm_clipping", "renorm_momentum"} & config.keys()
    kernel = without_defaults(config_of(keras.layers.Conv2D(4, 3)))["config"]["kernel_initializer"]
    assert kernel["config"] == {}


def test_what_reads_its_own_configuration_stays_whole():
    config = config_of(keras.layers.Rescaling(2.0, offset=0.0))
    assert without_defaults(config)["config"]["offset"] == 0.0


def test_a_default_of_another_type_is_no_default():
    config = {"module": "keras.layers", "class_name": "ReLU", "config": {"negative_slope": False}}
    assert without_defaults(config) == config


def test_layers_of_others_stay_whole():
    config = {"module": "theirs", "class_name": "Layer", "config": {"trainable": True}}
    assert without_defaults(config) == config
