"""Rows of which a network is made, in the column order of arXiv:1905.02244."""

from dataclasses import dataclass
from typing import Literal

Activation = Literal["relu", "hard_swish", "hard_sigmoid", "identity"]
Normalizer = Literal["batch_norm", "bias"]


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution over the whole image (Table 1, "conv2d").

    Attributes:
        kernel_size: Height and width of the kernel, in pixels.
        num_outputs: Channels at depth multiplier 1.
        activation: What follows the normalizer ("NL").
        stride: Step in pixels, SAME padding.
        normalizer: "bias" for the rows that the paper marks NBN.
    """

    kernel_size: int
    num_outputs: int
    activation: Activation
    stride: int
    normalizer: Normalizer = "batch_norm"


@dataclass(frozen=True, slots=True)
class Bneck:
    """An inverted residual block (Table 1, "bneck").

    Attributes:
        kernel_size: Height and width of the depthwise kernel, in pixels.
        exp_size: Channels inside the block at depth multiplier 1. At other
            multipliers its ratio to the block's input channels is kept.
        num_outputs: Channels after the block at depth multiplier 1.
        squeeze_excite: Whether a squeeze-and-excite gate follows the depthwise
            convolution ("SE").
        activation: The non-linearity inside the block ("NL").
        stride: Step of the depthwise convolution in pixels, SAME padding.
        fused: Whether one full convolution of `kernel_size` takes the place
            of expansion and depthwise convolution (MobilenetEdgeTPU).
        residual: Whether the input is added where the shapes allow it.
    """

    kernel_size: int
    exp_size: int
    num_outputs: int
    squeeze_excite: bool
    activation: Activation
    stride: int
    fused: bool = False
    residual: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """An average over the whole feature map (Table 1, "pool")."""


Row = Conv | Bneck | Pool


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network before any depth multiplier.

    Attributes:
        scope: Variable scope of everything in it, as in the checkpoints.
        rows: The layers from the image on; `layer_1` is the first.
    """

    scope: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ConvLayer:
    """One convolution with its numbers worked out, as a set of layers gets it.

    Attributes:
        scope: Variable scope, such as `MobilenetV3/expanded_conv_1/expand`.
        kernel_size: Height and width of the kernel, in pixels.
        num_outputs: Channels after it; of a depthwise one, those before it.
        stride: Step in pixels, SAME padding.
        activation: What follows the normalizer.
        normalizer: Batch normalization, or a bias.
    """

    scope: str
    kernel_size: int
    num_outputs: int
    stride: int
    activation: Activation
    normalizer: Normalizer
