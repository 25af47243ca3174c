"""Builds the Keras model of a SavedModel."""

from typing import Any

from exporter.converters.source_model import SourceModel
from exporter.errors import ConversionError
from exporter.signatures import BATCH_NORM_MOMENTUM
from exporter.verifier.subjects.subject import MOMENTUM
from slim_nets.keras_model import keras_model, variables_of, with_end_points
from slim_nets.layers.keras import KerasLayers
from slim_nets.network import TASKS, Task
from slim_nets.registry import Variant, networks


def network_and_task(source: SourceModel) -> tuple[Variant, Task]:
    """Says which network a SavedModel is, by its variables.

    Raises:
        ConversionError: If it is none of ours, or serves something else.
    """
    variant, names = source.network.variant, source.model.variables().keys()
    if variant is None:
        raise ConversionError(
            f"SavedModel '{source.folder}' cannot be built from Keras layers: expected the"
            f" variables of one of {', '.join(networks())}, found others. Leave out keras, or"
            " choose a model of these networks."
        )
    ends = {task: {spec.name for spec in variant.shape(task).variables} for task in TASKS}
    task = next(task for task in TASKS if ends[task] == names)
    served = source.serving.outputs
    shapes = {name: tuple(spec.shape[1:]) for name, spec in served.items()}
    if list(shapes.values()) != [variant.shape(task).output]:
        found = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise ConversionError(
            f"SavedModel '{source.folder}' serves something else than {variant.name}: expected"
            f" one output {list(variant.shape(task).output)}, found {found or 'none'}. Leave out"
            " keras."
        )
    return variant, task


def built(source: SourceModel) -> Any:
    """Builds the model and gives it the SavedModel's weights, by name.

    Args:
        source: The SavedModel: its signature, or its end points.

    Returns:
        A `keras.Model`; its input and output are named as in the signature.

    Raises:
        ConversionError: If the SavedModel is none of our networks.
    """
    variant, task = network_and_task(source)
    serving = source.serving
    layers = KerasLayers(
        next(iter(serving.outputs)),
        momentum=float(source.model.hyperparameters.get(MOMENTUM, BATCH_NORM_MOMENTUM)),
        regularized=bool(source.model.interface.regularization_losses),
    )
    images = next(iter(serving.inputs))
    model = keras_model(variant, task, layers, images=images, any_size=source.spec.any_size)
    placed = variables_of(model, variant, task)
    for name, value in source.model.variables().items():
        placed[name].assign(value)
    return model if source.way == serving.way else with_end_points(model, variant, task)
