"""What users would take instead: the same network as others built it.

The weights are random: they change no time, and none are downloaded.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from exporter.bench.request import OpenTask
from exporter.converters.formats import Run
from slim_nets.network import Task
from slim_nets.registry import Variant

KERAS_APPLICATIONS: Final = "keras_applications"
TIMM: Final = "timm"
_TIMM_NAMES = {
    ("mobilenet_v3_small", 0.75): "tf_mobilenetv3_small_075",
    ("mobilenet_v3_small", 1.0): "tf_mobilenetv3_small_100",
    ("mobilenet_v3_large", 0.75): "tf_mobilenetv3_large_075",
    ("mobilenet_v3_large", 1.0): "tf_mobilenetv3_large_100",
    ("mobilenet_v3_small_minimalistic", 1.0): "tf_mobilenetv3_small_minimal_100",
    ("mobilenet_v3_large_minimalistic", 1.0): "tf_mobilenetv3_large_minimal_100",
}


@dataclass(frozen=True)
class Peer:
    """Somebody else's port.

    Attributes:
        title: As it is shown.
        packages: What must be importable, under the names that install it.
        has: Says whether there is such a network.
        build: Makes a function of images float32 `[batch, height, width, 3]` in [0, 1].
    """

    title: str
    packages: tuple[str, ...]
    has: Callable[[Variant], bool]
    build: Callable[[Variant, Task, int | None], Callable[[np.ndarray], np.ndarray]]


def missing(peer: Peer) -> list[str]:
    """Returns what would have to be installed."""
    return [name for name in peer.packages if importlib.util.find_spec(name) is None]


@contextmanager
def opened(task: OpenTask) -> Iterator[Run]:
    """Builds the network that the SavedModel was recognized as."""
    variant, kind = task.model.variant, task.model.task
    assert variant is not None, "peers of unknown networks are not asked for"
    assert kind is not None, "a known network has a known task"
    compute = PEERS[task.subject.what].build(variant, kind, task.threads)

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        (images,) = inputs.values()
        return {"": compute(images)}

    yield run


def _in_keras(variant: Variant) -> bool:
    return variant.family.startswith("mobilenet_v3_")


def _in_timm(variant: Variant) -> bool:
    return (variant.family, variant.depth_multiplier) in _TIMM_NAMES


def _keras(variant: Variant, task: Task, _: int | None) -> Callable[[np.ndarray], np.ndarray]:
    """Builds Keras Applications' network in a `tf.function`, up to the same layer."""
    tf: Any = importlib.import_module("tensorflow")
    keras: Any = importlib.import_module("keras")
    small = variant.family.startswith("mobilenet_v3_small")
    network = keras.applications.MobileNetV3Small if small else keras.applications.MobileNetV3Large
    model = network(
        input_shape=(variant.image_size, variant.image_size, 3),
        alpha=variant.depth_multiplier,
        minimalistic=variant.family.endswith("minimalistic"),
        weights=None,
        classes=variant.num_classes("classification"),
        classifier_activation=None,
    )
    if task == "feature_vector":
        features = keras.layers.Flatten()(model.get_layer("logits").input)
        model = keras.Model(model.input, features)
    call = tf.function(lambda images: model(images, training=False))
    return lambda images: np.asarray(call(tf.constant(images)))


def _timm(variant: Variant, task: Task, threads: int | None) -> Callable[[np.ndarray], np.ndarray]:
    """Builds timm's network, its images with the channels last in memory."""
    torch: Any = importlib.import_module("torch")
    timm: Any = importlib.import_module("timm")
    if threads is not None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(threads)
    name = _TIMM_NAMES[variant.family, variant.depth_multiplier]
    model = timm.create_model(name, pretrained=False, num_classes=variant.num_classes(task) or 0)
    model = model.eval().to(memory_format=torch.channels_last)

    def compute(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            # A view, whose memory has the channels last already.
            turned = torch.from_numpy(images).permute(0, 3, 1, 2)
            return np.asarray(model(turned * 2 - 1).numpy())

    return compute


PEERS: Mapping[str, Peer] = {
    KERAS_APPLICATIONS: Peer("Keras Applications", ("keras",), _in_keras, _keras),
    TIMM: Peer("timm, channels last", ("timm", "torch"), _in_timm, _timm),
}
