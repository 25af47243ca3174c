"""Weights drawn from a seed, for trying the tools without a download."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf


def draw(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """Draws weights that keep the size of activations about the same in every layer.

    Kernels are normal with a variance of 2 / fan-in, gammas and moving
    variances uniform around 1, betas, biases and moving means normal around 0.

    Args:
        shapes: Shape of every variable by name, in creation order.
        seed: 0 to 2**32 - 1.

    Returns:
        float32 arrays by name; the same on every machine, since NumPy keeps
        the streams of `RandomState` as they are.
    """
    random = np.random.RandomState(seed)
    return {name: _draw(name, shape, random).astype(np.float32) for name, shape in shapes.items()}


def _draw(name: str, shape: tuple[int, ...], random: np.random.RandomState) -> np.ndarray:
    match name.rsplit("/", 1)[-1]:
        case "gamma" | "moving_variance":
            return random.uniform(0.75, 1.25, shape)
        case "beta" | "biases" | "moving_mean":
            return random.normal(0.0, 0.1, shape)
        case "depthwise_weights":
            return random.normal(0.0, np.sqrt(2.0 / np.prod(shape[:2])), shape)
        case _:
            return random.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape)


def write(prefix: Path, values: Mapping[str, np.ndarray]) -> None:
    """Writes a TF1 checkpoint.

    Args:
        prefix: Where; its folder must exist.
        values: Arrays by variable name.
    """
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=list(values.values()),
    )
