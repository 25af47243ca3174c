"""The networks as Keras 3 models, whose variables go by the checkpoint's names."""

from typing import Any

import keras
import numpy as np

from slim_nets.layers.keras import KerasLayers, keras_name
from slim_nets.network import Task
from slim_nets.registry import Variant


def keras_model(
    variant: Variant, task: Task, layers: KerasLayers, *, images: str, any_size: bool = False
) -> Any:
    """Builds a functional model for images as users have them.

    Args:
        variant: Which network.
        task: What it ends with.
        layers: What it is built with, unused before.
        images: Name of the input, float32 `[batch, height, width, 3]` in [0, 1].
        any_size: Whether images may have any size, of which the network must be able.

    Returns:
        A `keras.Model` that returns features or logits `[batch, n]`.
    """
    size = (None, None) if any_size else variant.image_size
    given = keras.Input((*size, 3), name=images)
    output = variant.end_points(given, task, layers)["default"]
    return keras.Model(given, output, name=keras_name(variant.name))


def with_end_points(model: Any, variant: Variant, task: Task) -> Any:
    """Makes the model that shows what the layers of another compute.

    Args:
        model: What `keras_model` made, or what was loaded from its file.
        variant: Which network.
        task: What it ends with.

    Returns:
        A `keras.Model` of the same layers that returns all end points by full
        name, such as `MobilenetV3/layer_2/output`, and the output as `default`.
    """
    there = KerasLayers(model.output_names[0], model=model)
    return keras.Model(model.input, variant.end_points(model.input, task, there))


def in_float64(model: Any) -> Any:
    """Makes a copy that computes in float64, of the same float32 numbers.

    Args:
        model: What `keras_model` made, or what was loaded from its file.

    Returns:
        A `keras.Model` of the same structure, whose variables are its own.
    """
    copy = keras.models.clone_model(model, clone_function=_layer_in_float64)
    for own, given in zip(copy.variables, model.variables, strict=True):
        own.assign(given.numpy())
    return copy


def _layer_in_float64(layer: Any) -> Any:
    # What is a number of Python here, such as epsilon, is one of float32 in a SavedModel.
    config = {
        name: float(np.float32(value)) if isinstance(value, float) else value
        for name, value in layer.get_config().items()
    }
    return type(layer).from_config({**config, "dtype": "float64"})


def variables_of(model: Any, variant: Variant, task: Task) -> dict[str, Any]:
    """Finds the variables of a model by their names in the checkpoint.

    Args:
        model: What `keras_model` made, or what was loaded from its file.
        variant: Which network.
        task: What it ends with.

    Returns:
        A `keras.Variable` each, in the network's order.

    Raises:
        ValueError: If there is no layer of that name.
    """
    found = {}
    for spec in variant.shape(task).variables:
        scope, _, name = spec.name.rpartition("/")
        layer = model.get_layer(keras_name(scope))
        attributes = _ATTRIBUTES.get(name, (name,))
        found[spec.name] = next(getattr(layer, a) for a in attributes if hasattr(layer, a))
    return found


# Names of variables that are not those of the layers' attributes, which are looked for in this
# order: a depthwise kernel alone is called as any other.
_ATTRIBUTES = {
    "weights": ("kernel",),
    "depthwise_weights": ("depthwise_kernel", "kernel"),
    "pointwise_weights": ("pointwise_kernel",),
    "biases": ("bias",),
}
