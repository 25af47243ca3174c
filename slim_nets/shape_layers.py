"""The layers as shapes alone: which variables and end points a network has.

Needs no TensorFlow, so a table of networks can be printed, and a checkpoint
checked, without loading it.
"""

import math
from dataclasses import dataclass, field

from slim_nets.mobilenet_v3 import build
from slim_nets.specs import ConvLayer, NetworkSpec

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """A variable of a network.

    Attributes:
        name: As in the checkpoints, such as `MobilenetV3/Conv/weights`.
        shape: Its shape; every variable is float32.
        trainable: False for moving averages.
        regularized: Whether its L2 norm is part of the loss: the `weights` of
            full convolutions only.
    """

    name: str
    shape: Shape
    trainable: bool = True
    regularized: bool = False

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
        end_points: Shape of each without the batch dimension.
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

    def channels(self, x: Shape) -> int:
        """Returns the last dimension."""
        return x[-1]

    def identity(self, x: Shape) -> Shape:
        """Keeps the shape."""
        return x

    def convolution(self, x: Shape, layer: ConvLayer) -> Shape:
        """Notes a kernel `[k, k, inputs, outputs]`."""
        kernel = (layer.kernel_size, layer.kernel_size, x[-1], layer.num_outputs)
        self.variables.append(VariableSpec(f"{layer.scope}/weights", kernel, regularized=True))
        return self._normalized(x, layer)

    def depthwise_convolution(self, x: Shape, layer: ConvLayer) -> Shape:
        """Notes a kernel `[k, k, channels, 1]`."""
        kernel = (layer.kernel_size, layer.kernel_size, x[-1], 1)
        self.variables.append(VariableSpec(f"{layer.scope}/depthwise_weights", kernel))
        return self._normalized(x, layer)

    def _normalized(self, x: Shape, layer: ConvLayer) -> Shape:
        channels = (layer.num_outputs,)
        if layer.normalizer == "bias":
            self.variables.append(VariableSpec(f"{layer.scope}/biases", channels))
        else:
            scope = f"{layer.scope}/BatchNorm"
            self.variables += (
                VariableSpec(f"{scope}/gamma", channels),
                VariableSpec(f"{scope}/beta", channels),
                VariableSpec(f"{scope}/moving_mean", channels, trainable=False),
                VariableSpec(f"{scope}/moving_variance", channels, trainable=False),
            )
        height, width = (math.ceil(size / layer.stride) for size in x[:2])
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

    def dropout(self, x: Shape) -> Shape:
        """Keeps the shape."""
        return x

    def squeeze(self, x: Shape) -> Shape:
        """Leaves the channels."""
        return x[-1:]

    def softmax(self, x: Shape) -> Shape:
        """Keeps the shape."""
        return x


def network_shape(
    spec: NetworkSpec,
    *,
    image_size: int,
    depth_multiplier: float = 1.0,
    num_classes: int | None = None,
) -> NetworkShape:
    """Works out the variables and end points of a network.

    Args:
        spec: The table.
        image_size: Height and width of the images in pixels.
        depth_multiplier: Scales the channels, in (0, 2].
        num_classes: Size of the logits; None for features.

    Returns:
        Names and shapes, in the network's order.
    """
    layers = ShapeLayers()
    built = build(
        (image_size, image_size, 3),
        spec,
        layers,
        depth_multiplier=depth_multiplier,
        num_classes=num_classes,
    )
    return NetworkShape(tuple(layers.variables), built.end_points, built.output)
