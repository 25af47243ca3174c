"""The MobileNet V3 checkpoints that were published, one row each."""

from dataclasses import dataclass
from pathlib import Path

BASE_URL = "https://storage.googleapis.com/mobilenet_v3/checkpoints"


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """An archive that was published.

    Attributes:
        name: Of the archive, without its ending.
        variant: The network, by its name on TensorFlow Hub; None for the
            8-bit checkpoints, which hold another graph.
        prefix: The moving averages inside the archive; None where not known.
        sha256: Of the archive; None where nobody has published it.
        top_1: ImageNet accuracy in percent, as published with TF-Slim.
        latency: Milliseconds an image on Pixel 1, 2 and 3, as published with TF-Slim.
        on_hub: Whether Google exported it to TensorFlow Hub.
    """

    name: str
    variant: str | None
    prefix: str | None
    sha256: str | None
    top_1: float
    latency: tuple[float, float, float]
    on_hub: bool = False

    @property
    def file_name(self) -> str:
        """Name of the archive."""
        return f"{self.name}.tgz"

    @property
    def url(self) -> str:
        """Where the archive was published."""
        return f"{BASE_URL}/{self.file_name}"


# Names, steps, accuracies and latencies: the README of TF-Slim's MobileNet. Digests: as
# public build recipes pin them for the same URLs.
PUBLISHED: tuple[PublishedCheckpoint, ...] = (
    PublishedCheckpoint(
        "v3-large_224_1.0_float",
        "mobilenet_v3_large_100_224",
        "v3-large_224_1.0_float/ema/model-540000",
        "9be8563f92022f412c82f2811d670888d6db998e2da9af3e71415fdde2f4f504",
        75.2,
        (51.2, 61.0, 44.0),
        on_hub=True,
    ),
    PublishedCheckpoint(
        "v3-large_224_0.75_float",
        "mobilenet_v3_large_075_224",
        "v3-large_224_0.75_float/ema/model-220000",
        "4346e7893769d3f8ac79e28e7924b351bf8348a8a4d5e7a606260003e706aea5",
        73.3,
        (39.8, 48.0, 34.0),
        on_hub=True,
    ),
    PublishedCheckpoint(
        "v3-small_224_1.0_float",
        "mobilenet_v3_small_100_224",
        "v3-small_224_1.0_float/ema/model-388500",
        "e60ad9f450f892ae56f8b9122ffc750d88940d9e6b63f6dc70649179fb3a9065",
        67.5,
        (15.8, 19.4, 14.4),
        on_hub=True,
    ),
    PublishedCheckpoint(
        "v3-small_224_0.75_float",
        "mobilenet_v3_small_075_224",
        "v3-small_224_0.75_float/ema/model-497500",
        "fffd2e437434f319623ecf26cdbebdb933dcd753afa38e7c2f78cb59c6fc470f",
        65.4,
        (12.8, 15.9, 11.6),
        on_hub=True,
    ),
    PublishedCheckpoint(
        "v3-large-minimalistic_224_1.0_float",
        "mobilenet_v3_large_minimalistic_100_224",
        "v3-large-minimalistic_224_1.0_float/ema/model-342500",
        None,
        72.3,
        (44.1, 51.0, 35.0),
    ),
    PublishedCheckpoint(
        "v3-small-minimalistic_224_1.0_float",
        "mobilenet_v3_small_minimalistic_100_224",
        "v3-small-minimalistic_224_1.0_float/ema/model-498000",
        None,
        61.9,
        (12.2, 15.1, 11.0),
    ),
    PublishedCheckpoint(
        "v3-large_224_1.0_uint8",
        None,
        None,
        "42cfd69fb70c48dde56dc3f2c872bdeb4fdc9beb3105e4b164dde7c49b7a2702",
        73.9,
        (44.0, 42.5, 32.0),
    ),
    PublishedCheckpoint(
        "v3-small_224_1.0_uint8",
        None,
        None,
        "58ecd8c4c5b0a330f1d72c0a3d7bc6073ff771e14b052da336691246ee8e178f",
        64.9,
        (15.5, 15.0, 10.7),
    ),
)


def for_variant(variant: str) -> PublishedCheckpoint | None:
    """Finds the published float checkpoint of a variant.

    Args:
        variant: Name as on TensorFlow Hub.

    Returns:
        Its row, or None where nothing was published.
    """
    return next((row for row in PUBLISHED if row.variant == variant), None)


def published_prefix(path: Path) -> str | None:
    """Finds the published checkpoint that lies at a path, by the end of the path.

    Args:
        path: A prefix.

    Returns:
        Such as `v3-small_224_0.75_float/ema/model-497500`; None for any other path.
    """
    for row in PUBLISHED:
        if row.prefix is not None and path.parts[-3:] == Path(row.prefix).parts:
            return row.prefix
    return None
