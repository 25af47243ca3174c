"""Traces a network into the functions that are saved, each body once."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from slim_nets.layers.folded import FoldedLayers
from slim_nets.layers.shapes import VariableSpec
from slim_nets.layers.tf import TfLayers
from slim_nets.network import Task
from slim_nets.registry import Variant

MOMENTUM_SPEC = tf.TensorSpec([], name="batch_norm_momentum")


@dataclass(frozen=True)
class TracedNetwork:
    """A network as TensorFlow functions over live variables.

    Attributes:
        variant: Which network.
        task: What it ends with.
        inference: Concrete function of `inputs`, float32
            `[batch, height, width, 3]` in [0, 1]; returns all end points by
            name, the output as `default`.
        training: Concrete function of `inputs` and `batch_norm_momentum`,
            float32 scalar; the same in training mode. Every call moves the
            moving averages.
        regularization: Function without arguments that returns the float32
            scalar L2 loss.
        variables: In the network's creation order.
        folded: Concrete function of `inputs` that returns the output alone, with
            every batch norm folded into its convolution; None if not wanted.
    """

    variant: Variant
    task: Task
    inference: Any
    training: Any
    regularization: Any
    variables: tuple[tf.Variable, ...]
    folded: Any = None


def trace(
    variant: Variant, task: Task, weights: MutableMapping[str, np.ndarray], *, folded: bool = False
) -> TracedNetwork:
    """Builds variables from weights and traces the network over them.

    Args:
        variant: Which network.
        task: What it ends with.
        weights: float32 arrays by variable name, at least those of the network, which are taken
            out, so that no second copy is kept.
        folded: Whether to trace also with batch norms folded into convolutions.

    Returns:
        The traced network.
    """
    specs = variant.shape(task).variables
    variables = {spec.name: _variable(spec, weights.pop(spec.name)) for spec in specs}
    network = _bodies(variant, task, variables)

    @tf.function(autograph=False)
    def inference(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return network.inference(inputs)

    @tf.function(autograph=False)
    def training(inputs: tf.Tensor, batch_norm_momentum: tf.Tensor) -> dict[str, tf.Tensor]:
        return network.training(inputs, batch_norm_momentum)

    # Made so, nothing in it waits for reads of variables, as nothing does in the original: else
    # TensorFlow's optimizer would add the loss to others in another order.
    summed = tf.compat.v1.wrap_function(network.regularization, [])

    @tf.function(input_signature=[], autograph=False)
    def regularization() -> tf.Tensor:
        return summed()

    @tf.function(autograph=False)
    def folded_inference(inputs: tf.Tensor) -> tf.Tensor:
        return variant.end_points(inputs, task, FoldedLayers(variables))["default"]

    return TracedNetwork(
        variant,
        task,
        inference.get_concrete_function(image_spec(variant)),
        training.get_concrete_function(image_spec(variant), MOMENTUM_SPEC),
        regularization,
        tuple(variables.values()),
        folded_inference.get_concrete_function(image_spec(variant)) if folded else None,
    )


def image_spec(variant: Variant) -> tf.TensorSpec:
    """Describes the images of a network: any batch of float32, of its one size or of any."""
    return tf.TensorSpec([None, *variant.input_size, 3], name="inputs")


def _variable(spec: VariableSpec, value: np.ndarray) -> tf.Variable:
    if spec.trainable:
        return tf.Variable(value, name=spec.name, trainable=True)
    # As slim.batch_norm makes them; replicas of a distributed training average them when read.
    return tf.Variable(
        value,
        name=spec.name,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.MEAN,
    )


class _Bodies(Protocol):
    """What is traced of a network."""

    def inference(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the output as `default`, and all end points by name."""

    def training(self, images: tf.Tensor, momentum: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the same in training mode, and moves the moving averages."""

    def regularization(self) -> tf.Tensor:
        """Computes the L2 loss."""


def _bodies(variant: Variant, task: Task, variables: Mapping[str, tf.Variable]) -> _Bodies:
    if (calls := variant.calls(task)) is None:
        return _TableBodies(variant, task, variables)
    # With tf-slim, which takes a second to import and is of no use for tables.
    from exporter.graph_bodies import GraphBodies
    from slim_nets.graph_shape import built_once

    return GraphBodies(built_once(calls), variables)


@dataclass(frozen=True)
class _TableBodies:
    """Builds a network that is held as a table with plain ops."""

    variant: Variant
    task: Task
    variables: Mapping[str, tf.Variable]

    def inference(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        return self.variant.end_points(images, self.task, TfLayers(self.variables))

    def training(self, images: tf.Tensor, momentum: tf.Tensor) -> dict[str, tf.Tensor]:
        return self.variant.end_points(images, self.task, TfLayers(self.variables, momentum))

    def regularization(self) -> tf.Tensor:
        losses = []
        for spec in self.variant.shape(self.task).variables:
            if spec.weight_decay:
                # Without scopes of their own, TensorFlow's optimizer would pull the factor
                # out of the sum, and the last bit would differ from the original's.
                with tf.name_scope(spec.name):
                    loss = tf.nn.l2_loss(self.variables[spec.name])
                    losses.append(spec.weight_decay * loss)
        return tf.add_n(losses) if losses else tf.zeros([])
