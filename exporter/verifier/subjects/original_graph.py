"""The original graph as the verifier runs it, under the interface of the published models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exporter.original import Original
from exporter.reusable import OUTPUT_NAMES
from exporter.signatures import BATCH_NORM_MOMENTUM, SERVING, way_of
from exporter.trace import image_spec
from exporter.verifier.subjects.examples import InputSpec
from exporter.verifier.subjects.subject import (
    BARE,
    DEFAULT,
    END_POINTS,
    PLAIN,
    Arrays,
    Inputs,
    TrainingCall,
    projected,
)
from slim_nets.network import Task
from slim_nets.registry import Variant

SERVED = way_of(SERVING)


@dataclass(frozen=True)
class GraphSubject:
    """The original behind the `Subject` protocol.

    Attributes:
        original: The restored graph.
        variant: Which network.
        task: What it ends with.
    """

    original: Original
    variant: Variant
    task: Task

    @property
    def input_spec(self) -> InputSpec:
        """What it takes: images."""
        return InputSpec((image_spec(self.variant),))

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of calling that a published model has."""
        return (PLAIN, END_POINTS, SERVED)

    @property
    def training_ways(self) -> tuple[str, ...]:
        """The same in training mode."""
        return (PLAIN, END_POINTS)

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The momentum and its published default."""
        return {"batch_norm_momentum": BATCH_NORM_MOMENTUM}

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the trainable variables."""
        return self.original.trainable

    @property
    def flagged(self) -> tuple[str, ...]:
        """The same: a graph has one list of them."""
        return self.original.trainable

    def described(self) -> dict[str, str]:
        """Describes what a published model has; any default of the momentum will do."""
        (spec,) = self.input_spec.specs
        (length,) = self.variant.shape(self.task).output
        return {
            "arguments": "(inputs, training=False, return_endpoints=False, batch_norm_momentum)",
            SERVED: f"inputs float32 {spec.shape} -> {OUTPUT_NAMES[self.task]} float32"
            f" (None, {length})",
        }

    def variables(self) -> Arrays:
        """Returns all variables by name."""
        return self.original.weights()

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables by name."""
        self.original.assign(values)

    def inference(self, ways: Sequence[str], inputs: Inputs) -> dict[str, Arrays]:
        """Runs the graph once for all ways."""
        names = None if END_POINTS in ways else [DEFAULT]
        end_points = self.original.inference(inputs[0], names)
        return {way: self._as(way, end_points) for way in ways}

    def training(
        self, ways: Sequence[str], inputs: Inputs, hyperparameters: Mapping[str, float]
    ) -> dict[str, TrainingCall]:
        """Runs the graph once for all ways, with its updates."""
        end_points, after = self.original.training(inputs[0], self._momentum(hyperparameters))
        return {way: TrainingCall(self._as(way, end_points), after) for way in ways}

    def gradients(
        self,
        way: str,
        target: str,
        inputs: Inputs,
        hyperparameters: Mapping[str, float],
        *,
        training: bool,
    ) -> dict[str, np.ndarray | None]:
        """Differentiates with `tf.gradients`."""
        end_point = target if way == END_POINTS else DEFAULT
        momentum = self._momentum(hyperparameters)
        return self.original.gradients(end_point, inputs[0], projected, momentum, training=training)

    def _momentum(self, hyperparameters: Mapping[str, float]) -> float:
        return float({**self.hyperparameters, **hyperparameters}["batch_norm_momentum"])

    def losses(self) -> tuple[Arrays, dict[str, np.ndarray | None]]:
        """Returns the one regularization loss and its gradients."""
        return {"0": self.original.regularization_loss()}, self.original.loss_gradients()

    def _as(self, way: str, end_points: Arrays) -> Arrays:
        """Returns what a published model returns that way, end points in the network's order."""
        output = end_points[DEFAULT]
        if way == PLAIN:
            return {BARE: output}
        if way == SERVED:
            return {OUTPUT_NAMES[self.task]: output}
        # The output comes last in the network.
        return {k: v for k, v in end_points.items() if k != DEFAULT} | {DEFAULT: output}
