"""The images on which models are compared."""

import numpy as np

# Not the default, so that a model that ignores the argument is found out.
PROBE_MOMENTUM = 0.9


def probes(image_size: int) -> np.ndarray:
    """Makes the fixed probes: a ramp of colours, and seeded noise.

    Args:
        image_size: Height and width in pixels.

    Returns:
        float32 `[2, image_size, image_size, 3]` in [0, 1].
    """
    ramp = np.linspace(0.0, 1.0, image_size, dtype=np.float32)
    rows, columns = np.meshgrid(ramp, ramp, indexing="ij")
    noise = np.random.RandomState(0).random_sample((image_size, image_size, 3))
    return np.stack(
        [
            np.stack([rows, columns, np.full_like(rows, 0.5)], axis=-1),
            noise.astype(np.float32),
        ]
    )
