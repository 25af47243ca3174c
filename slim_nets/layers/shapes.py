"""The layers as shapes alone: which variables and end points a network has.

Needs no TensorFlow, so a table of networks can be printed, and a checkpoint
checked, without loading it.
"""

import math
from dataclasses import dataclass, field

from slim_nets.layers.protocol import ConvLayer

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

    def _convolved(self, x: Shape, layer: ConvLayer, name: str, ends: tuple[int, int]) -> Shape:
        channels, scope = (layer.num_outputs,), layer.scope
        kernel = VariableSpec(
            f"{scope}/{name}", (*layer.kernel_size, *ends), weight_decay=layer.weight_decay
        )
        self.variables.append(kernel)
        if layer.batch_norm is None:
            self.variables.append(VariableSpec(f"{scope}/biases", channels))
        else:
            scope = f"{scope}/{layer.batch_norm.scope}"
            names = ("gamma", "beta") if layer.batch_norm.scale else ("beta",)
            self.variables += (VariableSpec(f"{scope}/{name}", channels) for name in names)
            self.variables += (
                VariableSpec(f"{scope}/{name}", channels, trainable=False)
                for name in ("moving_mean", "moving_variance")
            )
        pairs = zip(x[:2], layer.kernel_size, strict=True)
        height, width = (_convolved_size(size, kernel, layer) for size, kernel in pairs)
        return (height, width, layer.num_outputs)

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


def _convolved_size(size: int, kernel_size: int, layer: ConvLayer) -> int:
    """Counts the pixels along one side after a convolution."""
    covered = (kernel_size - 1) * layer.dilation if layer.padding == "VALID" else 0
    return math.ceil((size - covered) / layer.stride)
