"""The networks as TensorFlow Hub's models have them: images in [0, 1], end points by full name."""

from typing import Any

from slim_nets.activations import rescale
from slim_nets.layers import Layers
from slim_nets.mobilenet_v3 import build
from slim_nets.variants import Task, Variant, num_classes


def end_points(images: Any, variant: Variant, task: Task, layers: Layers[Any]) -> dict[str, Any]:
    """Builds a network for images as users have them.

    Args:
        images: float32 `[batch, size, size, 3]` in [0, 1].
        variant: Which network.
        task: What it ends with.
        layers: The set of layers to build with.

    Returns:
        The output as `default`, then every end point in the network's order,
        such as `MobilenetV3/layer_2/output`.
    """
    built = build(
        rescale(images),
        variant.spec,
        layers,
        depth_multiplier=variant.depth_multiplier,
        num_classes=num_classes(task),
    )
    scope = variant.spec.scope
    named = {f"{scope}/{name}": value for name, value in built.end_points.items()}
    return {"default": built.output} | named
