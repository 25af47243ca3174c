"""timm's MobileNet V3, for `slim-export benchmark --peer`; its weights are random."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from slim_nets.network import Task
from slim_nets.registry import Variant

TITLE = "timm, channels last"
PACKAGES = ("timm", "torch")
_NAMES = {
    ("mobilenet_v3_small", 0.75): "tf_mobilenetv3_small_075",
    ("mobilenet_v3_small", 1.0): "tf_mobilenetv3_small_100",
    ("mobilenet_v3_large", 0.75): "tf_mobilenetv3_large_075",
    ("mobilenet_v3_large", 1.0): "tf_mobilenetv3_large_100",
    ("mobilenet_v3_small_minimalistic", 1.0): "tf_mobilenetv3_small_minimal_100",
    ("mobilenet_v3_large_minimalistic", 1.0): "tf_mobilenetv3_large_minimal_100",
}


def has(variant: Variant, _: Task) -> bool:
    """Says whether there is such a network."""
    return (variant.family, variant.depth_multiplier) in _NAMES


def build(variant: Variant, task: Task, threads: int | None) -> Callable[[np.ndarray], np.ndarray]:
    """Builds it, its images with the channels last in memory."""
    torch: Any = importlib.import_module("torch")
    timm: Any = importlib.import_module("timm")
    if threads is not None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(threads)
    name = _NAMES[variant.family, variant.depth_multiplier]
    model = timm.create_model(name, pretrained=False, num_classes=variant.num_classes(task) or 0)
    model = model.eval().to(memory_format=torch.channels_last)

    def compute(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            # A view, whose memory has the channels last already.
            turned = torch.from_numpy(images).permute(0, 3, 1, 2)
            return np.asarray(model(turned * 2 - 1).numpy())

    return compute
