"""Saves small models with the interface of the published ones."""

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf


@dataclasses.dataclass
class Small:
    """A model of two layers, each with a moving average, and what may be different in it."""

    shape: tuple = (None, 4)
    momentum: Any = 0.99
    order: tuple = (0, 1, 2, 3, 4, 5)
    assigns: bool = True
    last: Callable = tf.identity
    served_momentum: float | None = None

    def __post_init__(self):
        self.variables = [
            tf.Variable(tf.ones(shape), name=f"net/{layer}/{name}", trainable=name != "mean")
            for layer in "ab"
            for name, shape in (("weights", [4, 4]), ("gamma", [4]), ("mean", [4]))
        ]

    def save(self, folder):
        inputs = tf.TensorSpec(self.shape, name="inputs")
        momentum = tf.TensorSpec([], name="batch_norm_momentum")
        call = tf.function(self._call(), autograph=False)
        for training in (False, True):
            for return_endpoints in (False, True):
                call.get_concrete_function(inputs, training, return_endpoints, momentum)
        root = tf.train.Checkpoint()
        root.variables = [self.variables[i] for i in self.order]
        root.trainable_variables = [v for v in root.variables if v.trainable]
        root.regularization_losses = [tf.function(self._loss, input_signature=[])]
        setattr(root, "__call__", call)  # noqa: B010
        served = tf.function(
            lambda inputs: {"features": self._network(inputs, self.served_momentum)[1]},
            input_signature=[inputs],
        )
        tf.saved_model.save(root, str(folder), signatures={"serving_default": served})
        return folder

    def _call(self):
        inference = tf.function(self._network, autograph=False)
        default = self.momentum

        def call_fn(inputs, training=False, return_endpoints=False, batch_norm_momentum=default):
            momentum = batch_norm_momentum
            found = self._network(inputs, momentum) if training else inference(inputs)
            return {"default": found[1], **found[0]} if return_endpoints else found[1]

        return call_fn

    def _network(self, inputs, momentum=None):
        end_points, x = {}, inputs
        for layer, first in (("net/layer_1", 0), ("net/layer_2", 3)):
            weights, gamma, mean = self.variables[first : first + 3]
            x = tf.matmul(x, weights) * gamma
            x = x - (mean if momentum is None else self._batch_mean(x, mean, momentum))
            end_points[layer] = x
        return end_points, self.last(x)

    def _batch_mean(self, x, mean, momentum):
        batch_mean = tf.reduce_mean(x, 0)
        if self.assigns:
            mean.assign_sub((mean - batch_mean) * (1.0 - momentum))
        return batch_mean

    def _loss(self):
        return tf.nn.l2_loss(self.variables[0]) + tf.nn.l2_loss(self.variables[3])
