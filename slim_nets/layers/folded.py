"""The layers with every batch norm folded into its convolution, over the same variables."""

from dataclasses import dataclass

import tensorflow as tf

from slim_nets.layers.activations import ACTIVATIONS
from slim_nets.layers.protocol import ConvLayer
from slim_nets.layers.tf import TfLayers, conv2d, depthwise_conv2d


@dataclass(frozen=True)
class FoldedLayers(TfLayers):
    """The set of layers that computes inference without batch norms, with other roundings.

    Batch norm in inference is `x * scale + shift` with
    `scale = gamma / sqrt(moving_variance + epsilon)` and
    `shift = beta - moving_mean * scale`. Here the kernel is multiplied by
    `scale` and `shift` becomes the bias, which TensorFlow's optimizer fuses
    with the convolution and its activation. Both are computed in every call
    from the variables as they then are, so fine-tuning needs no second export,
    and gradients flow to the trainable ones as they do unfolded. A batch norm
    without a convolution before it stays one: its op takes one pass, a
    multiplication and an addition would take two.
    """

    def identity(self, x: tf.Tensor) -> tf.Tensor:
        """Returns the tensor itself: here the optimizer may merge what lies around it."""
        return x

    def convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Convolves with `<scope>/weights`, scaled by output channel."""
        with tf.name_scope(layer.scope):
            kernel = self._variable(layer.scope, "weights")
            scale = self._scale(layer)
            x = conv2d(x, kernel if scale is None else kernel * scale, layer)
            return self._activated(x, layer, scale)

    def depthwise_convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Convolves with `<scope>/depthwise_weights`, scaled by channel."""
        with tf.name_scope(layer.scope):
            kernel = self._variable(layer.scope, "depthwise_weights")
            scale = self._scale(layer)
            scaled = kernel if scale is None else kernel * scale[:, tf.newaxis]
            return self._activated(depthwise_conv2d(x, scaled, layer), layer, scale)

    def separable_convolution(
        self,
        x: tf.Tensor,
        layer: ConvLayer,
        depth_multiplier: int,  # noqa: ARG002
    ) -> tf.Tensor:
        """Convolves with both kernels, of which the second is scaled by output channel."""
        with tf.name_scope(layer.scope):
            x = depthwise_conv2d(x, self._variable(layer.scope, "depthwise_weights"), layer)
            kernel, scale = self._variable(layer.scope, "pointwise_weights"), self._scale(layer)
            x = tf.nn.conv2d(x, kernel if scale is None else kernel * scale, 1, "VALID")
            return self._activated(x, layer, scale)

    def _scale(self, layer: ConvLayer) -> tf.Tensor | None:
        """Returns what batch norm multiplies by: float32 `[channels]`; None without it."""
        if layer.batch_norm is None:
            return None
        scope = f"{layer.scope}/{layer.batch_norm.scope}"
        variance = self._variable(scope, "moving_variance")
        scale = tf.math.rsqrt(variance + layer.batch_norm.epsilon)
        return self._variable(scope, "gamma") * scale if layer.batch_norm.scale else scale

    def _activated(self, x: tf.Tensor, layer: ConvLayer, scale: tf.Tensor | None) -> tf.Tensor:
        """Adds the bias, of batch norm where there is a scale, and applies the activation."""
        if layer.batch_norm is None:
            bias = self._variable(layer.scope, "biases")
        else:
            scope = f"{layer.scope}/{layer.batch_norm.scope}"
            bias = self._variable(scope, "beta") - self._variable(scope, "moving_mean") * scale
        return ACTIVATIONS[layer.activation](tf.nn.bias_add(x, bias))
