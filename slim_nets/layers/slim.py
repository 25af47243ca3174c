"""The layers from tf-slim, in graph mode: the original's own way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from slim_nets.layers import _legacy_layers
from slim_nets.layers.activations import ACTIVATIONS
from slim_nets.layers.protocol import Activation, BatchNorm, ConvLayer, NormLayer, PoolLayer

_legacy_layers.install()

import tf_slim as slim  # noqa: E402  (the shim has to be there first)


@dataclass(frozen=True)
class SlimLayers:
    """The set of layers that rebuilds the TF-Slim definition.

    Variables are made where they do not exist, and shared where they do. The
    updates of the moving averages are collected in `UPDATE_OPS`, and the L2
    losses in `REGULARIZATION_LOSSES`, of the graph.

    Attributes:
        momentum: float32 scalar in [0, 1] that batch norm's moving averages
            keep of themselves in a training call; None means inference.
    """

    momentum: tf.Tensor | None = None

    def rescale(self, images: tf.Tensor, factor: float, shift: float) -> tf.Tensor:
        """Adds a `Mul` and a `Sub`; slim's own order, (x - 0.5) * 2, may differ in the last bit."""
        return images * factor - shift

    def channels(self, x: tf.Tensor) -> int:
        """Returns the last dimension."""
        return int(x.shape[-1])

    def identity(self, x: tf.Tensor) -> tf.Tensor:
        """Adds an `Identity`."""
        return tf.identity(x)

    def convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Builds a `slim.conv2d`."""
        x = _with_margins(x, layer)
        return slim.conv2d(x, layer.num_outputs, layer.kernel_size, **self._arguments(layer))

    def depthwise_convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Builds a `slim.separable_conv2d` without its pointwise half."""
        arguments = {"depth_multiplier": 1, **self._arguments(layer)}
        x = _with_margins(x, layer)
        return slim.separable_conv2d(x, None, layer.kernel_size, **arguments)

    def separable_convolution(
        self, x: tf.Tensor, layer: ConvLayer, depth_multiplier: int
    ) -> tf.Tensor:
        """Builds a `slim.separable_conv2d`."""
        arguments = {"depth_multiplier": depth_multiplier, **self._arguments(layer)}
        x = _with_margins(x, layer)
        return slim.separable_conv2d(x, layer.num_outputs, layer.kernel_size, **arguments)

    def normalization(self, x: tf.Tensor, layer: NormLayer) -> tf.Tensor:
        """Builds a `slim.batch_norm`."""
        arguments = self._normalizer(layer.batch_norm)
        arguments["scope"] = f"{layer.scope}/{layer.batch_norm.scope}"
        activation = ACTIVATIONS[layer.activation]
        reuse = tf.compat.v1.AUTO_REUSE
        return slim.batch_norm(x, activation_fn=activation, reuse=reuse, **arguments)

    def _arguments(self, layer: ConvLayer) -> dict[str, Any]:
        decay, batch_norm = layer.weight_decay, layer.batch_norm
        arguments: dict[str, Any] = {
            "stride": layer.stride,
            "padding": layer.inner_padding,
            "rate": layer.dilation,
            "weights_regularizer": slim.l2_regularizer(decay) if decay else None,
            "activation_fn": ACTIVATIONS[layer.activation],
            "normalizer_fn": None,
            "reuse": tf.compat.v1.AUTO_REUSE,
            "scope": layer.scope,
        }
        if batch_norm is not None:
            arguments["normalizer_fn"] = slim.batch_norm
            arguments["normalizer_params"] = self._normalizer(batch_norm)
        return arguments

    def _normalizer(self, batch_norm: BatchNorm) -> dict[str, Any]:
        return {
            "scope": batch_norm.scope,
            "center": True,
            "scale": batch_norm.scale,
            "epsilon": batch_norm.epsilon,
            "is_training": self.momentum is not None,
            # Without effect in inference, where nothing is averaged.
            "decay": 1.0 if self.momentum is None else self.momentum,
        }

    def activation(self, x: tf.Tensor, activation: Activation) -> tf.Tensor:
        """Activates, which slim leaves to TensorFlow too."""
        return ACTIVATIONS[activation](x)

    def pool(self, x: tf.Tensor, layer: PoolLayer) -> tf.Tensor:
        """Builds a `slim.max_pool2d` or a `slim.avg_pool2d`."""
        build = {"max": slim.max_pool2d, "average": slim.avg_pool2d}[layer.kind]
        return build(x, layer.kernel_size, layer.stride, layer.padding, scope=layer.scope)

    def concat(self, parts: Sequence[tf.Tensor]) -> tf.Tensor:
        """Concatenates, which slim leaves to TensorFlow too."""
        return tf.concat(parts, 3)

    def add(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Adds two feature maps."""
        return x + y

    def multiply(self, x: tf.Tensor, gate: tf.Tensor) -> tf.Tensor:
        """Multiplies a feature map by a gate."""
        return x * gate

    def spatial_mean(self, x: tf.Tensor) -> tf.Tensor:
        """Averages with a `Mean`."""
        return tf.reduce_mean(x, [1, 2], keepdims=True)

    def global_pool(self, x: tf.Tensor) -> tf.Tensor:
        """Builds a `slim.avg_pool2d` over the whole feature map."""
        return slim.avg_pool2d(x, x.shape[1:3].as_list(), stride=1, padding="VALID")

    def dropout(self, x: tf.Tensor, keep_prob: float) -> tf.Tensor:
        """Builds a `slim.dropout`."""
        return slim.dropout(x, keep_prob=keep_prob, is_training=self.momentum is not None)

    def squeeze(self, x: tf.Tensor) -> tf.Tensor:
        """Removes height and width."""
        return tf.squeeze(x, [1, 2])

    def softmax(self, x: tf.Tensor) -> tf.Tensor:
        """Builds a `slim.softmax`."""
        return slim.softmax(x)


def _with_margins(x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
    """Adds the zeros of FIXED padding, as TF-Slim's ResNets do."""
    return tf.pad(x, [(0, 0), *layer.margins, (0, 0)]) if layer.padding == "FIXED" else x
