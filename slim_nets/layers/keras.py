"""The layers of Keras 3, for a model that is fine-tuned without TensorFlow Hub."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from slim_nets.layers.protocol import Activation, ConvLayer, NormLayer, PoolLayer


@dataclass(frozen=True)
class KerasLayers:
    """The set of layers that makes a functional model of Keras' own layers.

    `x` is a symbolic `KerasTensor`. Only layers that Keras loads without this
    package are used. Two things are not as in the other sets: Keras averages
    the variance of a batch without Bessel's correction, and there is no layer
    where TF-Slim's graph has an `Identity`.

    Attributes:
        output: Name of the output.
        momentum: In [0, 1], what batch norm's moving averages keep of
            themselves in a training call; users may set it layer by layer.
            None where no layers are made.
        regularized: Whether kernels have the L2 losses of the network.
        model: Whose layers are found by name instead of made; None to make them.
    """

    output: str
    momentum: float | None = None
    regularized: bool = True
    model: Any = None
    _used: Counter[str] = field(default_factory=Counter)

    def rescale(self, images: Any, factor: float, shift: float) -> Any:
        """Adds a `Rescaling`."""
        return self._layer("Rescaling", images, "rescale", scale=factor, offset=-shift)

    def channels(self, x: Any) -> int:
        """Returns the last dimension."""
        return int(x.shape[-1])

    def identity(self, x: Any) -> Any:
        """Adds nothing."""
        return x

    def convolution(self, x: Any, layer: ConvLayer) -> Any:
        """Adds a `Conv2D`."""
        config = {"filters": layer.num_outputs, "kernel_regularizer": self._regularizer(layer)}
        return self._convolved("Conv2D", x, layer, config)

    def depthwise_convolution(self, x: Any, layer: ConvLayer) -> Any:
        """Adds a `DepthwiseConv2D`."""
        regularizer = self._regularizer(layer)
        config = {"depthwise_regularizer": regularizer} if regularizer else {}
        return self._convolved("DepthwiseConv2D", x, layer, config)

    def separable_convolution(self, x: Any, layer: ConvLayer, depth_multiplier: int) -> Any:
        """Adds a `SeparableConv2D`."""
        regularizer = self._regularizer(layer)
        both = ("depthwise_regularizer", "pointwise_regularizer")
        config = {"filters": layer.num_outputs, "depth_multiplier": depth_multiplier}
        config |= dict.fromkeys(both, regularizer) if regularizer else {}
        return self._convolved("SeparableConv2D", x, layer, config)

    def normalization(self, x: Any, layer: NormLayer) -> Any:
        """Adds a `BatchNormalization`."""
        name = keras_name(f"{layer.scope}/{layer.batch_norm.scope}")
        x = self._layer(
            "BatchNormalization",
            x,
            name,
            momentum=self.momentum,
            epsilon=layer.batch_norm.epsilon,
            scale=layer.batch_norm.scale,
        )
        return self._activated(x, layer.activation, name)

    def _regularizer(self, layer: ConvLayer) -> Any:
        # Keras' L2 norm is not halved, as slim's is.
        factor = layer.weight_decay / 2 if self.regularized else 0.0
        return keras.regularizers.L2(factor) if factor else None

    def _convolved(self, kind: str, x: Any, layer: ConvLayer, config: dict[str, Any]) -> Any:
        name = keras_name(layer.scope)
        if layer.padding == "FIXED":
            x = self._layer(
                "ZeroPadding2D",
                x,
                f"{name}_margins",
                padding=layer.margins,
                data_format="channels_last",
            )
        x = self._layer(
            kind,
            x,
            name,
            kernel_size=layer.kernel_size,
            strides=layer.stride,
            padding=layer.inner_padding.lower(),
            dilation_rate=layer.dilation,
            data_format="channels_last",
            use_bias=layer.batch_norm is None,
            **config,
        )
        if layer.batch_norm is not None:
            x = self.normalization(x, NormLayer(layer.scope, "identity", layer.batch_norm))
        return self._activated(x, layer.activation, name)

    def activation(self, x: Any, activation: Activation) -> Any:
        """Adds an activation."""
        return self._activated(x, activation, self._numbered("sum"))

    def _activated(self, x: Any, activation: Activation, name: str) -> Any:
        """Computes an activation in the order of the published graph, layer by layer.

        Keras' own `hard_sigmoid` has the slope 1/6, where the gate's is 0.16667.
        """
        if activation == "identity":
            return x
        if activation == "relu":
            return self._layer("ReLU", x, f"{name}_relu")
        if activation == "relu6":
            return self._layer("ReLU", x, f"{name}_relu6", max_value=6.0)
        gate = self._layer("Rescaling", x, f"{name}_plus_3", scale=1.0, offset=3.0)
        gate = self._layer("ReLU", gate, f"{name}_relu6", max_value=6.0)
        if activation == "hard_sigmoid":
            return self._layer("Rescaling", gate, f"{name}_{activation}", scale=0.16667)
        product = self._layer("Multiply", [x, gate], f"{name}_times_relu6")
        return self._layer("Rescaling", product, f"{name}_{activation}", scale=1.0 / 6.0)

    def pool(self, x: Any, layer: PoolLayer) -> Any:
        """Adds a `MaxPooling2D` or an `AveragePooling2D`."""
        return self._layer(
            {"max": "MaxPooling2D", "average": "AveragePooling2D"}[layer.kind],
            x,
            keras_name(layer.scope),
            pool_size=layer.kernel_size,
            strides=layer.stride,
            padding=layer.padding.lower(),
            data_format="channels_last",
        )

    def concat(self, parts: Sequence[Any]) -> Any:
        """Adds a `Concatenate`."""
        return self._layer("Concatenate", list(parts), self._numbered("concat"), axis=-1)

    def add(self, x: Any, y: Any) -> Any:
        """Adds an `Add`."""
        return self._layer("Add", [x, y], self._numbered("residual"))

    def multiply(self, x: Any, gate: Any) -> Any:
        """Adds a `Multiply` that broadcasts the gate."""
        return self._layer("Multiply", [x, gate], self._numbered("gated"))

    def spatial_mean(self, x: Any) -> Any:
        """Adds a `GlobalAveragePooling2D`."""
        return self._mean(x, "squeeze")

    def global_pool(self, x: Any) -> Any:
        """Adds a `GlobalAveragePooling2D`, except where there is one pixel anyway."""
        return x if tuple(x.shape[1:3]) == (1, 1) else self._mean(x, "global_pool")

    def _mean(self, x: Any, name: str) -> Any:
        return self._layer(
            "GlobalAveragePooling2D",
            x,
            self._numbered(name),
            data_format="channels_last",
            keepdims=True,
        )

    def dropout(self, x: Any, keep_prob: float) -> Any:
        """Adds a `Dropout`; with a seed, since what it has drawn from is saved with the model."""
        return self._layer("Dropout", x, "dropout", rate=1 - keep_prob, seed=0)

    def squeeze(self, x: Any) -> Any:
        """Adds a `Flatten` by the name of the output."""
        return self._layer("Flatten", x, self.output, data_format="channels_last")

    def softmax(self, x: Any) -> Any:
        """Adds a `Softmax`; models that return logits have none, so it is always made."""
        return keras.layers.Softmax(name="predictions")(x)

    def _layer(self, kind: str, x: Any, name: str, **config: Any) -> Any:
        if self.model is not None:
            return self.model.get_layer(name).output
        return getattr(keras.layers, kind)(**config, name=name)(x)

    def _numbered(self, name: str) -> str:
        """Names a layer without variables: the second `gated` is `gated_1`."""
        number = self._used[name]
        self._used[name] += 1
        return f"{name}_{number}" if number else name


def keras_name(scope: str) -> str:
    """Makes the name of a layer from a scope, since Keras allows no slash."""
    return scope.replace("/", "_")
