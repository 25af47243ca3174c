"""The layers with every batch norm folded into its convolution, over the same variables."""

from dataclasses import dataclass

import tensorflow as tf

from slim_nets.activations import ACTIVATIONS
from slim_nets.hyperparameters import BATCH_NORM_EPSILON
from slim_nets.specs import ConvLayer
from slim_nets.tf_layers import TfLayers


@dataclass(frozen=True)
class FoldedLayers(TfLayers):
    """The set of layers that computes inference without batch norms, with other roundings.

    Batch norm in inference is `x * scale + shift` with
    `scale = gamma / sqrt(moving_variance + epsilon)` and
    `shift = beta - moving_mean * scale`. Here the kernel is multiplied by
    `scale` and `shift` becomes the bias, which TensorFlow's optimizer fuses
    with the convolution and its activation. Both are computed in every call
    from the variables as they then are, so fine-tuning needs no second export,
    and gradients flow to the trainable ones as they do unfolded.
    """

    def identity(self, x: tf.Tensor) -> tf.Tensor:
        """Returns the tensor itself: here the optimizer may merge what lies around it."""
        return x

    def convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Convolves with `<scope>/weights`, scaled by output channel."""
        with tf.name_scope(layer.scope):
            kernel = self.variables[f"{layer.scope}/weights"]
            if layer.normalizer == "bias":
                return self._activated(tf.nn.conv2d(x, kernel, layer.stride, "SAME"), layer)
            scale = self._scale(layer)
            x = tf.nn.conv2d(x, kernel * scale, layer.stride, "SAME")
            return self._activated(x, layer, scale)

    def depthwise_convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Convolves with `<scope>/depthwise_weights`, scaled by channel."""
        with tf.name_scope(layer.scope):
            kernel = self.variables[f"{layer.scope}/depthwise_weights"]
            scale = self._scale(layer)
            strides = [1, layer.stride, layer.stride, 1]
            x = tf.nn.depthwise_conv2d(x, kernel * scale[:, tf.newaxis], strides, "SAME")
            return self._activated(x, layer, scale)

    def _scale(self, layer: ConvLayer) -> tf.Tensor:
        """Returns what batch norm multiplies by: float32 `[channels]`."""
        scope = f"{layer.scope}/BatchNorm"
        variance = self.variables[f"{scope}/moving_variance"]
        return self.variables[f"{scope}/gamma"] * tf.math.rsqrt(variance + BATCH_NORM_EPSILON)

    def _activated(
        self, x: tf.Tensor, layer: ConvLayer, scale: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Adds the bias, of batch norm where there is a scale, and applies the activation."""
        if scale is None:
            bias = self.variables[f"{layer.scope}/biases"]
        else:
            scope = f"{layer.scope}/BatchNorm"
            mean = self.variables[f"{scope}/moving_mean"]
            bias = self.variables[f"{scope}/beta"] - mean * scale
        return ACTIVATIONS[layer.activation](tf.nn.bias_add(x, bias))
