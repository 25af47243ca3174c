"""What everything else may ask of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from slim_nets.layers.protocol import Layers
from slim_nets.page_words import PageWords

T = TypeVar("T")

Task = Literal["feature_vector", "classification"]
TASKS: tuple[Task, ...] = get_args(Task)


class NetworkError(ValueError):
    """A network that cannot be had or built; the text says what to do."""


@dataclass(frozen=True)
class Built(Generic[T]):
    """What a network computed.

    Attributes:
        output: Features `[batch, features]`, or logits `[batch, num_classes]`.
        end_points: Intermediate results in the network's order, by TF-Slim's names.
    """

    output: T
    end_points: dict[str, T]


class Build(Protocol):
    """Builds a network over a set of layers."""

    def __call__(
        self, images: Any, layers: Layers[Any], depth_multiplier: float, num_classes: int | None
    ) -> Built[Any]:
        """Builds it.

        Args:
            images: float32 `[batch, height, width, 3]` in the network's input range.
            layers: The set of layers to build with.
            depth_multiplier: Scales the channels.
            num_classes: Size of the logits; None ends with the pooled features.

        Returns:
            The output and all end points.
        """


@dataclass(frozen=True)
class OtherConstant:
    """A known mistake: one number stands in the graph for another.

    Attributes:
        name: What the mistake is called.
        fix: What to do about it.
        right: The number that belongs there.
        wrong: The one that is found instead.
    """

    name: str
    fix: str
    right: float
    wrong: float


@dataclass(frozen=True)
class OtherWidths:
    """Some variables have other shapes than the published ones.

    A mistake in a port of published weights, and right where a training run of one's own
    had them.

    Attributes:
        name: What is different.
        origin: Where such checkpoints come from.
        fix: What to do about it where it is a mistake.
        build: Builds the network with these widths.
    """

    name: str
    origin: str
    fix: str
    build: Build

    def __str__(self) -> str:
        """Says what is different, and whose checkpoints have it."""
        return f"{self.name}, {self.origin}"


@dataclass(frozen=True)
class Network:
    """A network before it has a size.

    Attributes:
        name: Such as `mobilenet_v3_small`.
        scope: Variable scope of everything in it, as in the checkpoints.
        build: Builds it.
        sizes: Depth multiplier and image size of each named variant.
        num_classes: Of the published logits; 0 if there are none.
        row_of: Describes the row of its table that an end point or a variable
            belongs to, such as "row 4 of 15: bneck 3x3, ..."; empty for any other name.
        words: Say what the page of a model says of it, by the model's task.
        background: Whether class 0 of the published logits is a background.
        input_range: What images in [0, 1] are rescaled to.
        min_image_size: In pixels; a smaller image is all padding.
        any_size: Whether its models take images of any size; those of `sizes` are then the
            usual ones.
        sized_name: Whether its names on TensorFlow Hub say multiplier and image size; if not,
            there is one multiplier.
        other_widths: With which others' checkpoints of it come.
        other_constants: What has gone wrong in others' ports of it.
    """

    name: str
    scope: str
    build: Build
    sizes: tuple[tuple[float, int], ...]
    num_classes: int
    row_of: Callable[[str], str]
    words: Callable[[Task], PageWords]
    background: bool = False
    input_range: tuple[float, float] = (-1.0, 1.0)
    min_image_size: int = 32
    any_size: bool = False
    sized_name: bool = True
    other_widths: tuple[OtherWidths, ...] = ()
    other_constants: tuple[OtherConstant, ...] = ()
