"""The URL of `--to`: which scheme stands for which kind of target."""

import re
from collections.abc import Callable

from exporter.errors import PublishError
from exporter.installing import pip_install
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.targets import directory, hugging_face, kaggle, object_store, oci
from exporter.releases.targets.target import Address, Target

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/]*)(?P<path>.*)", re.DOTALL)
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
        PublishError: If the URL holds credentials or what is not printable, its
            scheme is unknown, what follows it makes no sense, or a package is missing.
    """
    to = _parse(url)
    try:
        return _opener(to)(to, release)
    except ImportError as error:
        raise PublishError(
            f"Target '{to.scheme}://' needs a package that is not installed: expected"
            f" '{_LIBRARIES.get(to.scheme, 'fsspec')}', found none. Run:"
            f" {pip_install('publish')}."
        ) from error


def _parse(text: str) -> Address:
    match = _URL.fullmatch(text)
    if not text.isprintable():
        raise PublishError(
            f"Target {text!r} cannot be used: expected printable characters. Change --to."
        )
    if match is None:
        return Address("file", "", text)
    if "@" in match["host"]:
        # Command lines are seen by others; the credentials are not repeated here either.
        raise PublishError(
            f"Target '{match['scheme']}://' holds credentials: expected them where the host's own"
            " tools keep them, found an '@' in the URL. Take them out of --to."
        )
    return Address(match["scheme"], match["host"], match["path"])


def _opener(to: Address) -> Callable[[Address, CheckedRelease], Target]:
    if to.scheme in _OPENERS:
        return _OPENERS[to.scheme]
    import fsspec

    if to.scheme in fsspec.available_protocols():
        return object_store.open_store
    listed = ", ".join(f"{scheme}://" for scheme in _OPENERS)
    raise PublishError(
        f"Target '{to.scheme}://' is unknown: expected a path, {listed}, or a store that fsspec"
        " writes, such as s3://, gs:// and memory://. Change --to."
    )
