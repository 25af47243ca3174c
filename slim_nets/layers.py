"""What the builder asks of a set of layers."""

from typing import Protocol, TypeVar

from slim_nets.specs import ConvLayer

T = TypeVar("T")


class Layers(Protocol[T]):
    """A set of layers; `T` is whatever it computes with.

    Images and feature maps are `[batch, height, width, channels]`. The sets are
    tf-slim's (`slim_layers`), which make the original; plain TensorFlow ops
    (`tf_layers`), which are exported, and the same with batch norms folded
    (`folded_layers`); Keras 3's (`keras_layers`); and shapes alone
    (`shape_layers`), which need no TensorFlow.
    """

    def channels(self, x: T) -> int:
        """Returns the number of channels of a feature map."""

    def identity(self, x: T) -> T:
        """Returns the same values as a tensor of its own, where TF-Slim's graph has an `Identity`.

        It keeps TensorFlow's optimizer from merging what lies before and after.
        """

    def convolution(self, x: T, layer: ConvLayer) -> T:
        """Convolves, normalizes and activates; SAME padding."""

    def depthwise_convolution(self, x: T, layer: ConvLayer) -> T:
        """Convolves every channel by itself, normalizes and activates; SAME padding."""

    def add(self, x: T, y: T) -> T:
        """Adds two feature maps."""

    def multiply(self, x: T, gate: T) -> T:
        """Multiplies a feature map by a `[batch, 1, 1, channels]` gate."""

    def spatial_mean(self, x: T) -> T:
        """Averages over height and width, as squeeze-and-excite does; keeps both axes as 1."""

    def global_pool(self, x: T) -> T:
        """Averages over height and width, as the network's end does; keeps both axes as 1."""

    def dropout(self, x: T) -> T:
        """Drops features at random in training mode only."""

    def squeeze(self, x: T) -> T:
        """Turns `[batch, 1, 1, channels]` into `[batch, channels]`."""

    def softmax(self, x: T) -> T:
        """Turns `[batch, classes]` logits into probabilities."""
