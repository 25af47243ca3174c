"""The checkpoints that were published."""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

from checkpoints import published


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """An archive that was published.

    Attributes:
        url: Where.
        variant: The network, by its name on TensorFlow Hub; None for those that hold another
            graph, such as 8-bit ones, or are of images and classes other than the network's.
        prefix: The checkpoint inside the archive; None where not known.
        sha256: Of the archive; None where nobody has published it.
        top_1: ImageNet accuracy in percent, as published with TF-Slim; None where it is not.
        hub_handle: Of the models that Google made of it on TensorFlow Hub, with `{task}` in it;
            None if there are none.
        features_sha256: Over the names, shapes and bytes of the variables of its
            feature vectors; None where nobody has computed it from the published bytes.
        sha384: Of the archive, where that was published and no SHA-256.
    """

    url: str
    variant: str | None
    prefix: str | None
    sha256: str | None = None
    top_1: float | None = None
    hub_handle: str | None = None
    features_sha256: str | None = None
    sha384: str | None = None

    @property
    def digest(self) -> str | None:
        """What is known of the archive's bytes, if anything is."""
        return self.sha256 or self.sha384

    @property
    def file_name(self) -> str:
        """Name of the archive."""
        return self.url.rsplit("/", 1)[-1]


def of_a_mobilenet(
    url: str, top_1: float, sha256: str, features_sha256: str | None = None
) -> PublishedCheckpoint:
    """Makes the row of an archive that is called like its network, multiplier and image size.

    Args:
        url: Where, such as `https://.../mobilenet_v2_0.35_96.tgz`.
        top_1: As of the row.
        sha256: As of the row.
        features_sha256: As of the row.

    Returns:
        The row, of the variant mobilenet_v2_035_96 there.
    """
    name = url.rsplit("/", 1)[-1].removesuffix(".tgz")
    family, multiplier, image_size = name.rsplit("_", 2)
    variant = f"{family}_{round(100 * float(multiplier)):03d}_{image_size}"
    handle = f"google/imagenet/{variant}/{{task}}/5"
    known = (sha256, top_1, handle, features_sha256)
    return PublishedCheckpoint(url, variant, f"{name}.ckpt", *known)


@cache
def checkpoints() -> tuple[PublishedCheckpoint, ...]:
    """Returns all of them, family by family."""
    names = [m.name for m in pkgutil.iter_modules(published.__path__, f"{published.__name__}.")]
    return tuple(row for name in names for row in importlib.import_module(name).ROWS)


def for_variant(variant: str) -> PublishedCheckpoint | None:
    """Finds the published float checkpoint of a variant.

    Args:
        variant: Name as on TensorFlow Hub.

    Returns:
        Its row, or None where nothing was published.
    """
    return next((row for row in checkpoints() if row.variant == variant), None)


def of_archive(digest: str) -> PublishedCheckpoint | None:
    """Finds the published checkpoint in an archive of these bytes."""
    return next((row for row in checkpoints() if digest in (row.sha256, row.sha384)), None)


def of_features(sha256: str) -> PublishedCheckpoint | None:
    """Finds the published checkpoint whose feature vectors have variables of these values."""
    return next((row for row in checkpoints() if row.features_sha256 == sha256), None)
