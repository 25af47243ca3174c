"""What a network asks of a set of layers, with all numbers worked out."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

T = TypeVar("T")

Activation = Literal["relu", "relu6", "hard_swish", "hard_sigmoid", "identity"]
Padding = Literal["SAME", "VALID"]


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """A batch normalization with a `beta` and two moving averages.

    Attributes:
        epsilon: Added to the variance.
        scale: Whether there is a `gamma`.
        scope: Where its variables lie below the layer's scope.
    """

    epsilon: float
    scale: bool = True
    scope: str = "BatchNorm"


@dataclass(frozen=True, slots=True)
class ConvLayer:
    """One convolution.

    Attributes:
        scope: Variable scope, such as `MobilenetV3/expanded_conv_1/expand`.
        kernel_size: Height and width of the kernel, in pixels.
        num_outputs: Channels after it; of a depthwise one, those before it.
        activation: What follows the normalizer.
        batch_norm: What normalizes it; None for a bias instead.
        weight_decay: Factor of the L2 loss, half the squared norm, of the kernel.
        stride: Step in pixels.
        padding: As TensorFlow defines it.
        dilation: Distance of the kernel's pixels.
    """

    scope: str
    kernel_size: tuple[int, int]
    num_outputs: int
    activation: Activation
    batch_norm: BatchNorm | None
    weight_decay: float = 0.0
    stride: int = 1
    padding: Padding = "SAME"
    dilation: int = 1


class Layers(Protocol[T]):
    """A set of layers; `T` is whatever it computes with.

    Images and feature maps are `[batch, height, width, channels]`. The sets are
    tf-slim's (`slim`), which make the original; plain TensorFlow ops (`tf`),
    which are exported, and the same with batch norms folded (`folded`); Keras
    3's (`keras`); and shapes alone (`shapes`), which need no TensorFlow.
    """

    def rescale(self, images: T, factor: float, shift: float) -> T:
        """Multiplies images by a factor, then subtracts a shift, as the published graphs do."""

    def channels(self, x: T) -> int:
        """Returns the number of channels of a feature map."""

    def identity(self, x: T) -> T:
        """Returns the same values as a tensor of its own, where TF-Slim's graph has an `Identity`.

        It keeps TensorFlow's optimizer from merging what lies before and after.
        """

    def convolution(self, x: T, layer: ConvLayer) -> T:
        """Convolves, normalizes and activates."""

    def depthwise_convolution(self, x: T, layer: ConvLayer) -> T:
        """Convolves every channel by itself, normalizes and activates."""

    def add(self, x: T, y: T) -> T:
        """Adds two feature maps."""

    def multiply(self, x: T, gate: T) -> T:
        """Multiplies a feature map by a `[batch, 1, 1, channels]` gate."""

    def spatial_mean(self, x: T) -> T:
        """Averages over height and width with a `Mean`; keeps both axes as 1."""

    def global_pool(self, x: T) -> T:
        """Averages over height and width with an `AvgPool`; keeps both axes as 1."""

    def dropout(self, x: T, keep_prob: float) -> T:
        """In training mode, keeps each feature with a probability and divides it by that."""

    def squeeze(self, x: T) -> T:
        """Turns `[batch, 1, 1, channels]` into `[batch, channels]`."""

    def softmax(self, x: T) -> T:
        """Turns `[batch, classes]` logits into probabilities."""
