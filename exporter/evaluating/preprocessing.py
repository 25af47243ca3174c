"""Prepares an image as TF-Slim's own evaluation of its networks does."""

import numpy as np
import tensorflow as tf


def preprocessed(
    encoded: bytes, image_size: tuple[int, int], central_crop: float
) -> np.ndarray | None:
    """Decodes an image, keeps its middle and resizes that, without regard to its proportions.

    As in TF-Slim's `inception_preprocessing` without training, but for the rescaling to
    [-1, 1], which models do themselves. It resizes with the corners of pixels, not their
    centres, in the same places; `tf.image.resize` does it the other way, and gives other values.

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


def _margin(length: int, kept: float) -> int:
    """Returns how many pixels go on each side."""
    return int((length - length * kept) / 2)
