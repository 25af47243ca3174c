"""A Keras model, and the SavedModel it was made from, as the verifier compares them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from exporter.signatures import BATCH_NORM_MOMENTUM
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import (
    DEFAULTS,
    END_POINTS,
    MOMENTUM,
    PLAIN,
    Arrays,
    Derivative,
    Gradients,
    Inputs,
    Numbers,
    Refusal,
    TrainingCall,
    arrays,
    flat,
    named,
    projected,
)
from slim_nets.keras_model import variables_of, with_end_points
from slim_nets.network import Task
from slim_nets.registry import Variant

_VARIANCE = "moving_variance"


@dataclass(frozen=True)
class KerasSubject:
    """A Keras model on the TensorFlow backend behind the `Subject` protocol.

    Attributes:
        model: The model.
        variant: Which network.
        task: What it ends with.
        input_spec: What it takes.
        ways: Of calling: the model's own, and that which shows its layers' outputs.
    """

    model: Any
    variant: Variant
    task: Task
    input_spec: InputSpec
    ways: tuple[str, ...] = (PLAIN, END_POINTS)

    def spec_of(self, way: str) -> InputSpec:  # noqa: ARG002  (all ways take the same)
        """Returns what every way of calling takes."""
        return self.input_spec

    def refusals(self, way: str) -> Mapping[str, Refusal]:  # noqa: ARG002  (it takes any image)
        """Returns nothing: images can be made up."""
        return {}

    def left(self, way: str) -> Arrays:  # noqa: ARG002  (none changes any)
        """Returns nothing: inference changes no variable."""
        return {}

    @property
    def training_ways(self) -> tuple[str, ...]:
        """The same as in inference."""
        return self.ways

    @cached_property
    def _models(self) -> dict[str, Any]:
        rich = with_end_points(self.model, self.variant, self.task)
        return {PLAIN: self.model, END_POINTS: rich}

    @cached_property
    def _variables(self) -> dict[str, Any]:
        return variables_of(self.model, self.variant, self.task)

    @property
    def _layers(self) -> list[Any]:
        return [layer for layer in self.model.layers if hasattr(layer, _VARIANCE)]

    @property
    def pixels(self) -> dict[str, int]:
        """Of how many pixels of an image a variance is taken, by its moving average's name."""
        if not self._layers:
            return {}
        images = (1, *(self.input_spec.image_size or ()), 3)
        entering = keras.Model(self.model.input, [layer.input for layer in self._layers])
        paths = [layer.moving_variance.path for layer in self._layers]
        shapes = dict(zip(paths, entering.compute_output_shape(images), strict=True))
        found = {name: shapes.get(v.path) for name, v in self._variables.items()}
        return {name: shape[1] * shape[2] for name, shape in found.items() if shape is not None}

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The momentum, if all layers have the same."""
        found = {layer.momentum for layer in self._layers}
        return {MOMENTUM: found.pop()} if len(found) == 1 else {}

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the variables that an optimizer of Keras would be given."""
        listed = {id(variable) for variable in self.model.trainable_variables}
        return tuple(name for name, v in self._variables.items() if id(v) in listed)

    @property
    def flagged(self) -> tuple[str, ...]:
        """Names of the variables that say themselves that they are trainable."""
        return tuple(name for name, v in self._variables.items() if v.trainable)

    def described(self) -> dict[str, str]:
        """Describes nothing: it is called as Keras models are."""
        return {}

    def variables(self) -> Arrays:
        """Returns the network's variables by name; not the state of its random numbers."""
        return arrays(self._variables)

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables by name."""
        for name, value in values.items():
            self._variables[name].assign(value)

    def inference(
        self,
        ways: Sequence[str],
        inputs: Inputs,
        numbers: Numbers = DEFAULTS,  # noqa: ARG002  (it has none in inference mode)
    ) -> dict[str, Arrays]:
        """Calls in inference mode."""
        return {way: flat(self._call(way, inputs, training=False)) for way in ways}

    def training(
        self, ways: Sequence[str], inputs: Inputs, hyperparameters: Mapping[str, float]
    ) -> dict[str, TrainingCall]:
        """Calls each way once in training mode."""
        calls = {}
        for way in ways:
            with self._put_back(hyperparameters):
                outputs = flat(self._call(way, inputs, training=True))
                calls[way] = TrainingCall(outputs, self.variables())
        return calls

    def draws(self, way: str) -> bool:  # noqa: ARG002  (all are of the same layers)
        """Says whether there is dropout."""
        return any(isinstance(layer, keras.layers.Dropout) for layer in self.model.layers)

    def gradients(self, asked: Derivative) -> Gradients:
        """Differentiates by every trainable variable, with TensorFlow's tape."""
        with self._put_back(asked.hyperparameters), tf.GradientTape() as tape:
            outputs = named(self._call(asked.way, asked.inputs, training=asked.training))
            loss = projected(outputs[asked.target])
        return self._differentiated(tape, loss)

    def losses(self) -> tuple[Arrays, Gradients]:
        """Returns no losses, which Keras divides otherwise, but the gradients of their sum."""
        with tf.GradientTape() as tape:
            loss = tf.add_n(self.model.losses) if self.model.losses else tf.zeros([])
        return {}, self._differentiated(tape, loss)

    def total_loss(self) -> np.ndarray:
        """Returns the sum of the regularization losses, which Keras adds to every loss."""
        return np.asarray(sum(np.float64(loss) for loss in self.model.losses), np.float32)

    def _call(self, way: str, inputs: Inputs, *, training: bool) -> Any:
        (images,) = inputs
        return self._models[way](tf.constant(images), training=training)

    def _differentiated(self, tape: Any, loss: Any) -> Gradients:
        variables = {name: self._variables[name].value for name in self.trainable}
        gradients = tape.gradient(loss, variables)
        return {
            name: None if gradient is None else tf.convert_to_tensor(gradient).numpy()
            for name, gradient in gradients.items()
        }

    @contextmanager
    def _put_back(self, hyperparameters: Mapping[str, float]) -> Iterator[None]:
        before, momenta = self.variables(), [layer.momentum for layer in self._layers]
        for layer in self._layers:
            layer.momentum = hyperparameters.get(MOMENTUM, layer.momentum)
        try:
            yield
        finally:
            self.assign(before)
            for layer, momentum in zip(self._layers, momenta, strict=True):
                layer.momentum = momentum


@dataclass(frozen=True)
class KerasReference(LoadedModel):
    """The SavedModel, with the variances of batches averaged as Keras averages them.

    TensorFlow's fused batch norm, with which the networks were trained, averages
    a variance that is divided by one less than the number of values; Keras 3
    divides by the number. So what Keras must arrive at is known to the last bit but noise.

    Attributes:
        pixels: `KerasSubject.pixels`.
    """

    pixels: Mapping[str, int] = field(default_factory=dict)

    @property
    def ways(self) -> tuple[str, ...]:
        """Of calling, without signatures."""
        return tuple(way for way in super().ways if way in {PLAIN, END_POINTS})

    @property
    def training_ways(self) -> tuple[str, ...]:
        """Of calling in training mode."""
        return tuple(way for way in super().training_ways if way in self.ways)

    def training(
        self, ways: Sequence[str], inputs: Inputs, hyperparameters: Mapping[str, float]
    ) -> dict[str, TrainingCall]:
        """Calls each way once in training mode."""
        numbers = {**self.hyperparameters, **hyperparameters}
        momentum = float(numbers.get(MOMENTUM, BATCH_NORM_MOMENTUM))
        before = self.variables()
        called = super().training(ways, inputs, hyperparameters)
        settings = (momentum, len(inputs[0]))
        return {
            way: replace(call, variables=self._as_keras(before, call.variables, *settings))
            for way, call in called.items()
        }

    def _as_keras(self, before: Arrays, after: Arrays, momentum: float, examples: int) -> Arrays:
        changed = {}
        for name, pixels in self.pixels.items():
            values = pixels * examples
            share = (values - 1) / values if values > 1 else 1.0
            kept = momentum * before[name].astype(np.float64)
            changed[name] = (kept + share * (after[name] - kept)).astype(np.float32)
        return after | changed

    def losses(self) -> tuple[Arrays, Gradients]:
        """Returns no losses, which Keras divides otherwise, but the gradients of their sum."""
        return {}, super().losses()[1]

    def total_loss(self) -> np.ndarray:
        """Returns the sum of the regularization losses."""
        losses = super().losses()[0].values()
        return np.asarray(sum(np.float64(loss) for loss in losses), np.float32)
