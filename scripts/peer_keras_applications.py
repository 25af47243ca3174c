"""Keras Applications' MobileNet V3, for `slim-export benchmark --peer`; its weights are random."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from slim_nets.network import Task
from slim_nets.registry import Variant

TITLE = "Keras Applications"
PACKAGES = ("keras",)


def has(variant: Variant, _: Task) -> bool:
    """Says whether there is such a network."""
    return variant.family.startswith("mobilenet_v3_")


def build(variant: Variant, task: Task, _: int | None) -> Callable[[np.ndarray], np.ndarray]:
    """Builds it in a `tf.function`, up to the same layer; TensorFlow has its threads already."""
    tf: Any = importlib.import_module("tensorflow")
    keras: Any = importlib.import_module("keras")
    small = variant.family.startswith("mobilenet_v3_small")
    network = keras.applications.MobileNetV3Small if small else keras.applications.MobileNetV3Large
    model = network(
        input_shape=(*variant.image_size, 3),
        alpha=variant.depth_multiplier,
        minimalistic=variant.family.endswith("minimalistic"),
        weights=None,
        classes=variant.num_classes("classification"),
        classifier_activation=None,
    )
    if task == "feature_vector":
        features = keras.layers.Flatten()(model.get_layer("logits").input)
        model = keras.Model(model.input, features)
    call = tf.function(lambda images: model(images, training=False))
    return lambda images: np.asarray(call(tf.constant(images)))
