"""What a network asks of a set of layers, with all numbers worked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

T = TypeVar("T")

Activation = Literal["relu", "relu6", "hard_swish", "hard_sigmoid", "identity"]
WindowPadding = Literal["SAME", "VALID"]
# FIXED adds as many zeros on every side as the kernel reaches, whatever size the image has.
Padding = Literal[WindowPadding, "FIXED"]
PoolKind = Literal["max", "average"]


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
        padding: As TensorFlow defines it, or FIXED: zeros of their own, then VALID.
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

    @property
    def margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Zeros before and after, in height and in width; none but for FIXED padding."""
        height, width = ((size - 1) * self.dilation for size in self.kernel_size)
        if self.padding != "FIXED":
            height = width = 0
        return (height // 2, height - height // 2), (width // 2, width - width // 2)

    @property
    def inner_padding(self) -> WindowPadding:
        """What is left of the padding for TensorFlow, once there are the margins."""
        return "VALID" if self.padding == "FIXED" else self.padding


@dataclass(frozen=True, slots=True)
class NormLayer:
    """A batch normalization that follows no convolution.

    Attributes:
        scope: Variable scope, below which is that of the batch norm itself.
        activation: What follows it.
        batch_norm: Its numbers.
    """

    scope: str
    activation: Activation
    batch_norm: BatchNorm


@dataclass(frozen=True, slots=True)
class PoolLayer:
    """A maximum or an average over windows.

    Attributes:
        scope: Names its op; there are no variables.
        kind: Which of the two. An average leaves out what SAME padding adds.
        kernel_size: Height and width of the window, in pixels.
        stride: Step in pixels.
        padding: As TensorFlow defines it.
    """

    scope: str
    kind: PoolKind
    kernel_size: tuple[int, int]
    stride: int
    padding: WindowPadding = "SAME"


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

    def separable_convolution(self, x: T, layer: ConvLayer, depth_multiplier: int) -> T:
        """Convolves every channel by itself into several, then all of them in each pixel.

        The layer's kernel, stride and padding are those of the first; its weight decay is of both.
        """

    def normalization(self, x: T, layer: NormLayer) -> T:
        """Normalizes and activates."""

    def activation(self, x: T, activation: Activation) -> T:
        """Activates what no layer has made, such as a sum."""

    def pool(self, x: T, layer: PoolLayer) -> T:
        """Takes the maximum or the average of every window."""

    def concat(self, parts: Sequence[T]) -> T:
        """Puts the channels of feature maps of one size side by side."""

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
