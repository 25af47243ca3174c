"""The networks by the names that TensorFlow Hub gave them."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

from slim_nets.mobilenet_v3_specs import EDGETPU, V3_LARGE, V3_SMALL, minimalistic
from slim_nets.shape_layers import NetworkShape, network_shape
from slim_nets.specs import NetworkSpec

Task = Literal["feature_vector", "classification"]
TASKS: tuple[Task, ...] = get_args(Task)

# ImageNet's thousand classes and, first, the background.
NUM_CLASSES = 1001

# The convolutions halve the image five times; a smaller one is all padding.
MIN_IMAGE_SIZE = 32
# Far beyond any published input; the largest networks then take more than 16 GB to verify.
MAX_IMAGE_SIZE = 2048
MAX_DEPTH_MULTIPLIER = 2.0

_SPECS: dict[str, NetworkSpec] = {
    "mobilenet_v3_small": V3_SMALL,
    "mobilenet_v3_large": V3_LARGE,
    "mobilenet_v3_small_minimalistic": minimalistic(V3_SMALL),
    "mobilenet_v3_large_minimalistic": minimalistic(V3_LARGE),
    "mobilenet_edgetpu": EDGETPU,
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A network at one size.

    Attributes:
        family: The table, such as `mobilenet_v3_small`.
        depth_multiplier: Scales the channels, in (0, 2].
        image_size: Height and width of the images in pixels.
    """

    family: str
    depth_multiplier: float = 1.0
    image_size: int = 224

    @property
    def name(self) -> str:
        """The name as on TensorFlow Hub, such as `mobilenet_v3_small_075_224`."""
        percent = round(self.depth_multiplier * 100)
        exact = percent / 100 == self.depth_multiplier
        multiplier = f"{percent:03d}" if exact else repr(self.depth_multiplier)
        return f"{self.family}_{multiplier}_{self.image_size}"

    @property
    def spec(self) -> NetworkSpec:
        """The table."""
        return _SPECS[self.family]

    def shape(self, task: Task) -> NetworkShape:
        """Returns the variables and end points for a task."""
        return _shape(self, task)


NAMED: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("mobilenet_v3_small", 0.75),
        Variant("mobilenet_v3_small"),
        Variant("mobilenet_v3_large", 0.75),
        Variant("mobilenet_v3_large"),
        Variant("mobilenet_v3_small_minimalistic"),
        Variant("mobilenet_v3_large_minimalistic"),
        Variant("mobilenet_edgetpu", 0.75),
        Variant("mobilenet_edgetpu"),
    )
}


def num_classes(task: Task) -> int | None:
    """Returns the size of the logits, None for features."""
    return NUM_CLASSES if task == "classification" else None


def customized(
    variant: Variant, *, depth_multiplier: float | None = None, image_size: int | None = None
) -> Variant:
    """Changes the size of a variant.

    Args:
        variant: Where to start.
        depth_multiplier: In (0, 2]; None keeps it.
        image_size: Height and width in pixels, 32 to 2048; None keeps it.

    Returns:
        The variant at that size.

    Raises:
        ValueError: If a number is out of its range.
    """
    if depth_multiplier is not None:
        if not 0 < depth_multiplier <= MAX_DEPTH_MULTIPLIER:
            raise ValueError(
                f"Depth multiplier {depth_multiplier:g} is out of range: expected a number above 0"
                f" and at most {MAX_DEPTH_MULTIPLIER:g}. Change --depth_multiplier."
            )
        variant = replace(variant, depth_multiplier=depth_multiplier)
    if image_size is not None:
        if not MIN_IMAGE_SIZE <= image_size <= MAX_IMAGE_SIZE:
            raise ValueError(
                f"Image size {image_size} is out of range: expected {MIN_IMAGE_SIZE} to"
                f" {MAX_IMAGE_SIZE} pixels. Change --image_size."
            )
        variant = replace(variant, image_size=image_size)
    return variant


@cache
def _shape(variant: Variant, task: Task) -> NetworkShape:
    return network_shape(
        variant.spec,
        image_size=variant.image_size,
        depth_multiplier=variant.depth_multiplier,
        num_classes=num_classes(task),
    )
