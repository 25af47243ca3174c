"""A network in a graph of TensorFlow 1, whether it was built from a table or by a function."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf


@dataclass(frozen=True)
class OriginalNetwork:
    """A network in a graph of its own, for training below `train/`, else below `predict/`.

    Attributes:
        graph: The graph.
        images: Placeholder, float32 `[batch, height, width, 3]` in [0, 1].
        momentum: Placeholder, float32 scalar in [0, 1] that the moving averages keep of
            themselves in a training call.
        inference: The output as `default`, then every end point by full name.
        training: The same in training mode.
        updates: What moves the moving averages in a training call.
        regularization: The float32 scalar loss.
        variables: By name, in creation order.
    """

    graph: tf.Graph
    images: Any
    momentum: Any
    inference: dict[str, Any]
    training: dict[str, Any]
    updates: list[Any]
    regularization: Any
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def trainable(self) -> dict[str, Any]:
        """Those of its variables that are trained."""
        return {name: v for name, v in self.variables.items() if v.trainable}


@contextmanager
def compared_by_identity() -> Iterator[None]:
    """Compares variables and tensors by identity, as TensorFlow does in a plain graph anyway.

    Told beforehand, it need not look up for each of them whether it is in such a graph. Every layer
    compares all variables so far, which took most of the time of building a ResNet. The setting is
    the process's: meanwhile, tensors that another thread compares are not compared by value.
    """
    before = tf.Tensor._USE_EQUALITY  # noqa: SLF001  (no public function tells it)
    tf.compat.v1.disable_tensor_equality()
    try:
        yield
    finally:
        if before:
            tf.compat.v1.enable_tensor_equality()


@dataclass(frozen=True)
class Placeholders:
    """What a network in a graph of its own is given.

    Attributes:
        images: float32 `[batch, height, width, 3]` in [0, 1].
        momentum: float32 scalar in [0, 1].
    """

    images: Any
    momentum: Any


def placeholders(size: tuple[int | None, int | None]) -> Placeholders:
    """Makes them in the current graph, for images of a height and width; of None for any."""
    return Placeholders(
        tf.compat.v1.placeholder(tf.float32, [None, *size, 3], "images"),
        tf.compat.v1.placeholder(tf.float32, [], "batch_norm_momentum"),
    )


def fetched(tensors: dict[str, Any]) -> dict[str, Any]:
    """Gives every end point an `Identity` to be fetched by, as the outputs of a function have.

    TensorFlow's optimizer spares what is fetched. If that were the end points
    themselves, it would merge other products here than in a SavedModel, and on
    feature maps of one pixel the last bit would differ.
    """
    return {name: tf.identity(tensor) for name, tensor in tensors.items()}
