"""Reads photographs as models want them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter import quiet
from exporter.errors import InvalidArgumentError, reason


def read(paths: Iterable[Path], image_size: tuple[int, int]) -> np.ndarray:
    """Reads photographs: decoded, scaled to [0, 1], resized without regard to their proportions.

    Args:
        paths: JPEG, PNG, GIF or BMP files.
        image_size: Height and width wanted, in pixels.

    Returns:
        float32 `[number of files, height, width, 3]` in [0, 1].

    Raises:
        InvalidArgumentError: If a file cannot be read, or is no image.
    """
    images = []
    for path in paths:
        try:
            image = _decoded(path.read_bytes())
        except OSError as error:
            raise InvalidArgumentError(
                f"Photograph '{path}' cannot be read: {reason(error)}. Choose another."
            ) from error
        if is_pointer(path):
            raise InvalidArgumentError(f"Photograph '{path}' {IS_POINTER}")
        if image is None:
            raise InvalidArgumentError(
                f"Photograph '{path}' cannot be decoded: expected JPEG, PNG, GIF or BMP."
                " Convert it."
            )
        image = tf.image.convert_image_dtype(image, tf.float32)
        images.append(tf.image.resize(image, image_size, "bilinear").numpy())
    return np.stack(images)


def _decoded(encoded: bytes) -> tf.Tensor | None:
    """Decodes an image; None if it is none."""
    # The JPEG library itself writes what it thinks of bad files to the terminal.
    with quiet.stderr_set_aside():
        try:
            return tf.io.decode_image(encoded, channels=3, expand_animations=False)
        except tf.errors.InvalidArgumentError:
            return None
