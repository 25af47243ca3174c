"""Reads photographs as models want them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf


def read(paths: Iterable[Path], image_size: int) -> np.ndarray:
    """Reads photographs: decoded, scaled to [0, 1], resized without regard to their proportions.

    Args:
        paths: JPEG, PNG, GIF or BMP files.
        image_size: Height and width wanted, in pixels.

    Returns:
        float32 `[number of files, image_size, image_size, 3]` in [0, 1].

    Raises:
        ValueError: If a file is no image.
        OSError: If it cannot be read.
    """
    images = []
    for path in paths:
        try:
            image = tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(
                f"Photograph '{path}' cannot be decoded: expected JPEG, PNG, GIF or BMP."
                " Convert it."
            ) from error
        image = tf.image.convert_image_dtype(image, tf.float32)
        images.append(tf.image.resize(image, [image_size, image_size], "bilinear").numpy())
    return np.stack(images)
