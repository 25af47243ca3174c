"""Which scheme of a URL stands for which kind of target."""

from collections.abc import Callable

from exporter.errors import PublishError
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.targets import address, directory, hugging_face, kaggle, object_store, oci
from exporter.releases.targets.address import Address
from exporter.releases.targets.target import Target

_OPENERS: dict[str, Callable[[Address, CheckedRelease], Target]] = {
    "file": directory.open_hub,
    "tfserving": directory.open_serving,
    "hf": hugging_face.open_hub,
    "kaggle": kaggle.open_variation,
    "oci": oci.open_registry,
}
_LIBRARIES = {"hf": "huggingface-hub", "kaggle": "kagglehub", "oci": "oras"}


def open_target(url: str, release: CheckedRelease) -> Target:
    """Opens the place that a URL names.

    Args:
        url: As `--to` gives it; a path stands for `file://`.
        release: What is to be published there.

    Returns:
        The place; nothing was sent yet.

    Raises:
        PublishError: If the scheme is unknown, what follows it makes no sense,
            or a package is missing.
    """
    to = address.parse(url)
    try:
        return _opener(to)(to, release)
    except ImportError as error:
        raise PublishError(
            f"Target '{to.scheme}://' needs a package that is not installed: expected"
            f" '{_LIBRARIES.get(to.scheme, 'fsspec')}', found none. Run pip install"
            " 'slim-exporter[publish]'."
        ) from error


def _opener(to: Address) -> Callable[[Address, CheckedRelease], Target]:
    if to.scheme in _OPENERS:
        return _OPENERS[to.scheme]
    if to.scheme in object_store.schemes():
        return object_store.open_store
    listed = ", ".join(f"{scheme}://" for scheme in _OPENERS)
    raise PublishError(
        f"Target '{to.scheme}://' is unknown: expected a path, {listed}, or a store that fsspec"
        " writes, such as s3://, gs:// and memory://. Change --to."
    )
