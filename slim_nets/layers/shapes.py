"""The layers as shapes alone: which variables and end points a network has.

Needs no TensorFlow, so a table of networks can be printed, and a checkpoint
checked, without loading it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from slim_nets.layers.protocol import Activation, BatchNorm, ConvLayer, NormLayer, PoolLayer

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """A variable of a network.

    Attributes:
        name: As in the checkpoints, such as `MobilenetV3/Conv/weights`.
        shape: Its shape; every variable is float32.
        trainable: False for moving averages.
        weight_decay: Factor of its L2 loss, half the squared norm; 0 where it has none.
    """

    name: str
    shape: Shape
    trainable: bool = True
    weight_decay: float = 0.0

    @property
    def size(self) -> int:
        """Number of parameters."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """What a network consists of.

    Attributes:
        variables: In creation order, which is the order of the layers, and in
            each of them kernel, then gamma, beta, moving mean and variance.
        end_points: Shape of each by full name, without the batch dimension.
        output: Shape of the output without the batch dimension.
    """

    variables: tuple[VariableSpec, ...]
    end_points: dict[str, Shape]
    output: Shape

    @property
    def parameters(self) -> int:
        """Number of parameters, moving averages included."""
        return sum(variable.size for variable in self.variables)


@dataclass
class ShapeLayers:
    """The set of layers that computes shapes `(height, width, channels)`."""

    variables: list[VariableSpec] = field(default_factory=list)

    def rescale(self, images: Shape, factor: float, shift: float) -> Shape:  # noqa: ARG002
        """Keeps the shape."""
        return images

    def channels(self, x: Shape) -> int:
        """Returns the last dimension."""
        return x[-1]

    def identity(self, x: Shape) -> Shape:
        """Keeps the shape."""
        return x

    softmax = identity

    def convolution(self, x: Shape, layer: ConvLayer) -> Shape:
        """Notes a kernel `[height, width, inputs, outputs]`."""
        return self._convolved(x, layer, "weights", (x[-1], layer.num_outputs))

    def depthwise_convolution(self, x: Shape, layer: ConvLayer) -> Shape:
        """Notes a kernel `[height, width, channels, 1]`."""
        return self._convolved(x, layer, "depthwise_weights", (x[-1], 1))

    def separable_convolution(self, x: Shape, layer: ConvLayer, depth_multiplier: int) -> Shape:
        """Notes kernels `[height, width, inputs, multiplier]` and `[1, 1, ..., outputs]`."""
        self._kernel(layer, "depthwise_weights", (*layer.kernel_size, x[-1], depth_multiplier))
        inner = x[-1] * depth_multiplier
        self._kernel(layer, "pointwise_weights", (1, 1, inner, layer.num_outputs))
        return self._finished(x, layer)

    def normalization(self, x: Shape, layer: NormLayer) -> Shape:
        """Notes the variables of a batch norm."""
        self._batch_norm(layer.scope, layer.batch_norm, x[-1:])
        return x

    def _convolved(self, x: Shape, layer: ConvLayer, name: str, ends: tuple[int, int]) -> Shape:
        self._kernel(layer, name, (*layer.kernel_size, *ends))
        return self._finished(x, layer)

    def _kernel(self, layer: ConvLayer, name: str, shape: Shape) -> None:
        decay = layer.weight_decay
        self.variables.append(VariableSpec(f"{layer.scope}/{name}", shape, weight_decay=decay))

    def _finished(self, x: Shape, layer: ConvLayer) -> Shape:
        """Notes what follows the kernels of a convolution, and counts its pixels."""
        channels = (layer.num_outputs,)
        if layer.batch_norm is None:
            self.variables.append(VariableSpec(f"{layer.scope}/biases", channels))
        else:
            self._batch_norm(layer.scope, layer.batch_norm, channels)
        reach = [(size - 1) * layer.dilation for size in layer.kernel_size]
        if layer.padding != "VALID":  # zeros on all sides make up for the reach
            reach = [0, 0]
        return (*_pixels(x, reach, layer.stride), layer.num_outputs)

    def _batch_norm(self, scope: str, batch_norm: BatchNorm, channels: Shape) -> None:
        scope = f"{scope}/{batch_norm.scope}"
        names = ("gamma", "beta") if batch_norm.scale else ("beta",)
        self.variables += (VariableSpec(f"{scope}/{name}", channels) for name in names)
        self.variables += (
            VariableSpec(f"{scope}/{name}", channels, trainable=False)
            for name in ("moving_mean", "moving_variance")
        )

    def activation(self, x: Shape, activation: Activation) -> Shape:  # noqa: ARG002
        """Keeps the shape."""
        return x

    def pool(self, x: Shape, layer: PoolLayer) -> Shape:
        """Counts the windows."""
        reach = [size - 1 if layer.padding == "VALID" else 0 for size in layer.kernel_size]
        return (*_pixels(x, reach, layer.stride), x[-1])

    def concat(self, parts: Sequence[Shape]) -> Shape:
        """Adds up the channels."""
        sizes = {part[:2] for part in parts}
        assert len(sizes) == 1, f"feature maps of {sizes} side by side"
        return (*parts[0][:2], sum(part[-1] for part in parts))

    def add(self, x: Shape, y: Shape) -> Shape:
        """Keeps the shape."""
        assert x == y, f"residual of {y} into {x}"
        return x

    def multiply(self, x: Shape, gate: Shape) -> Shape:
        """Keeps the shape."""
        assert gate == (1, 1, x[-1]), f"gate of {gate} for {x}"
        return x

    def spatial_mean(self, x: Shape) -> Shape:
        """Leaves one pixel."""
        return (1, 1, x[-1])

    global_pool = spatial_mean

    def dropout(self, x: Shape, keep_prob: float) -> Shape:  # noqa: ARG002
        """Keeps the shape."""
        return x

    def squeeze(self, x: Shape) -> Shape:
        """Leaves the channels."""
        return x[-1:]


def _pixels(x: Shape, reach: Sequence[int], stride: int) -> tuple[int, int]:
    """Counts the pixels of a feature map after a kernel that reaches so far beyond its first."""
    height, width = (math.ceil((n - r) / stride) for n, r in zip(x[:2], reach, strict=True))
    return height, width
