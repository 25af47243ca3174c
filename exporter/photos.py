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


def preprocessed(
    encoded: bytes, image_size: tuple[int, int], central_crop: float
) -> np.ndarray | None:
    """Prepares an image as TF-Slim's own evaluation of its networks does.

    It keeps the middle and resizes that, without regard to its proportions, as TF-Slim's
    `inception_preprocessing` does without training, but for the rescaling to [-1, 1], which models
    do themselves. The corners of pixels, not their centres, keep their places; with
    `tf.image.resize` it is the other way, and the values are others.

    Args:
        encoded: JPEG, PNG, GIF or BMP.
        image_size: Height and width wanted, in pixels.
        central_crop: How much of height and width is kept, in (0, 1].

    Returns:
        float32 `[height, width, 3]` in [0, 1]; None if it cannot be decoded.
    """
    try:
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return None
    height, width, _ = image.shape
    top, left = (_margin(length, central_crop) for length in (height, width))
    image = tf.image.convert_image_dtype(image[top : height - top, left : width - left], tf.float32)
    resized = tf.raw_ops.ResizeBilinear(images=tf.expand_dims(image, 0), size=image_size)
    found: np.ndarray = resized.numpy()[0]
    return found


def _decoded(encoded: bytes) -> tf.Tensor | None:
    """Decodes an image; None if it is none."""
    # The JPEG library itself writes what it thinks of bad files to the terminal.
    with quiet.stderr_set_aside():
        try:
            return tf.io.decode_image(encoded, channels=3, expand_animations=False)
        except tf.errors.InvalidArgumentError:
            return None


def _margin(length: int, kept: float) -> int:
    """Returns how many pixels go on each side; at least one of them stays."""
    return min(int((length - length * kept) / 2), (length - 1) // 2)
