"""The layers from plain TensorFlow ops, over given variables: what is exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

from slim_nets.layers.activations import ACTIVATIONS
from slim_nets.layers.protocol import Activation, BatchNorm, ConvLayer, NormLayer, PoolLayer


@dataclass(frozen=True)
class TfLayers:
    """The set of layers that is traced into the exported functions.

    Attributes:
        variables: `tf.Variable`s by their name in the checkpoint.
        momentum: float32 scalar in [0, 1] that batch norm's moving averages
            keep of themselves in a training call; None means inference.
    """

    variables: Mapping[str, tf.Variable]
    momentum: tf.Tensor | None = None

    def rescale(self, images: tf.Tensor, factor: float, shift: float) -> tf.Tensor:
        """Adds a `Mul` and a `Sub`."""
        return images * factor - shift

    def channels(self, x: tf.Tensor) -> int:
        """Returns the last dimension."""
        return int(x.shape[-1])

    def identity(self, x: tf.Tensor) -> tf.Tensor:
        """Adds an `Identity`."""
        return tf.identity(x)

    def convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Convolves with `<scope>/weights`."""
        with tf.name_scope(layer.scope):
            return self._normalized(conv2d(x, self._variable(layer.scope, "weights"), layer), layer)

    def depthwise_convolution(self, x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
        """Convolves with `<scope>/depthwise_weights`."""
        with tf.name_scope(layer.scope):
            kernel = self._variable(layer.scope, "depthwise_weights")
            return self._normalized(depthwise_conv2d(x, kernel, layer), layer)

    def separable_convolution(
        self,
        x: tf.Tensor,
        layer: ConvLayer,
        depth_multiplier: int,  # noqa: ARG002
    ) -> tf.Tensor:
        """Convolves with `<scope>/depthwise_weights`, then with `<scope>/pointwise_weights`."""
        with tf.name_scope(layer.scope):
            x = depthwise_conv2d(x, self._variable(layer.scope, "depthwise_weights"), layer)
            x = tf.nn.conv2d(x, self._variable(layer.scope, "pointwise_weights"), 1, "VALID")
            return self._normalized(x, layer)

    def normalization(self, x: tf.Tensor, layer: NormLayer) -> tf.Tensor:
        """Normalizes with the variables of `<scope>/<batch norm's scope>`."""
        with tf.name_scope(layer.scope):
            return self._normalized(x, layer)

    def _variable(self, scope: str, name: str) -> tf.Variable:
        return self.variables[f"{scope}/{name}"]

    def _normalized(self, x: tf.Tensor, layer: ConvLayer | NormLayer) -> tf.Tensor:
        if layer.batch_norm is None:
            x = tf.nn.bias_add(x, self._variable(layer.scope, "biases"))
        else:
            x = self._batch_norm(x, layer.scope, layer.batch_norm)
        return ACTIVATIONS[layer.activation](x)

    def _batch_norm(self, x: tf.Tensor, scope: str, batch_norm: BatchNorm) -> tf.Tensor:
        scope = f"{scope}/{batch_norm.scope}"
        mean = self._variable(scope, "moving_mean")
        variance = self._variable(scope, "moving_variance")
        scale = self._variable(scope, "gamma") if batch_norm.scale else tf.ones(mean.shape)
        normalized, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=scale,
            offset=self._variable(scope, "beta"),
            mean=mean,
            variance=variance,
            epsilon=batch_norm.epsilon,
            is_training=self.momentum is not None,
        )
        if self.momentum is not None:
            for average, statistic in ((mean, batch_mean), (variance, batch_variance)):
                # In this form to the bit; average * momentum + ... rounds differently.
                average.assign_sub((average - statistic) * (1.0 - self.momentum))
        return normalized

    def activation(self, x: tf.Tensor, activation: Activation) -> tf.Tensor:
        """Activates."""
        return ACTIVATIONS[activation](x)

    def pool(self, x: tf.Tensor, layer: PoolLayer) -> tf.Tensor:
        """Adds a `MaxPool` or an `AvgPool`."""
        with tf.name_scope(layer.scope):
            return _POOLS[layer.kind](x, layer.kernel_size, layer.stride, layer.padding)

    def concat(self, parts: Sequence[tf.Tensor]) -> tf.Tensor:
        """Adds a `ConcatV2`."""
        return tf.concat(parts, 3)

    def add(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Adds with an `AddV2`."""
        return tf.add(x, y)

    def multiply(self, x: tf.Tensor, gate: tf.Tensor) -> tf.Tensor:
        """Multiplies with a `Mul` that broadcasts the gate."""
        if x.shape[1:3] == [1, 1]:
            # Nothing is broadcast on a feature map of one pixel (images of 32 pixels). The
            # optimizer would then move the gate's factor to the other operand, in a function
            # but not in a session, and the last bit would differ from the original's.
            gate = tf.ensure_shape(gate, gate.shape)
        return tf.multiply(x, gate)

    def spatial_mean(self, x: tf.Tensor) -> tf.Tensor:
        """Averages with a `Mean`."""
        return tf.reduce_mean(x, [1, 2], keepdims=True)

    def global_pool(self, x: tf.Tensor) -> tf.Tensor:
        """Averages with an `AvgPool` whose window is the whole feature map."""
        return tf.nn.avg_pool2d(x, x.shape[1:3], 1, "VALID")

    def dropout(self, x: tf.Tensor, keep_prob: float) -> tf.Tensor:
        """Adds nothing in inference."""
        return x if self.momentum is None else tf.nn.dropout(x, rate=1 - keep_prob)

    def squeeze(self, x: tf.Tensor) -> tf.Tensor:
        """Removes height and width."""
        return tf.squeeze(x, [1, 2])

    def softmax(self, x: tf.Tensor) -> tf.Tensor:
        """Computes a `Softmax`."""
        return tf.nn.softmax(x)


_POOLS = {"max": tf.nn.max_pool2d, "average": tf.nn.avg_pool2d}


def conv2d(x: tf.Tensor, kernel: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
    """Convolves as a layer says, without what follows."""
    padding, x = layer.inner_padding, with_margins(x, layer)
    return tf.nn.conv2d(x, kernel, layer.stride, padding, dilations=layer.dilation)


def depthwise_conv2d(x: tf.Tensor, kernel: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
    """Convolves every channel as a layer says, without what follows."""
    strides = [1, layer.stride, layer.stride, 1]
    dilations = None if layer.dilation == 1 else [layer.dilation] * 2
    padding, x = layer.inner_padding, with_margins(x, layer)
    return tf.nn.depthwise_conv2d(x, kernel, strides, padding, dilations=dilations)


def with_margins(x: tf.Tensor, layer: ConvLayer) -> tf.Tensor:
    """Adds the zeros of FIXED padding with a `Pad`; nothing for another."""
    return tf.pad(x, [(0, 0), *layer.margins, (0, 0)]) if layer.padding == "FIXED" else x
