"""Names of published models, as TensorFlow Hub writes them."""

import re
from dataclasses import dataclass

from exporter.errors import PublishError

_HANDLE = re.compile(
    r"(?P<publisher>[a-z\d-]+)/(?P<name>[\w-][\w.-]*(/[\w-][\w.-]*)*)/(?P<version>[1-9]\d{0,8})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Handle:
    """A published model at one version, such as `google/imagenet/mobilenet_v3_small_075_224/5`.

    Attributes:
        publisher: Lower-case letters, digits and hyphens.
        name: One or more parts with slashes between them.
        version: From 1 on.
    """

    publisher: str
    name: str
    version: int

    def __str__(self) -> str:
        """Writes it with slashes."""
        return f"{self.publisher}/{self.name}/{self.version}"


def parse(text: str) -> Handle:
    """Reads a handle.

    Args:
        text: `publisher/name/version`.

    Returns:
        Its parts; `str` of them gives the text back.

    Raises:
        PublishError: If it is none.
    """
    match = _HANDLE.fullmatch(text)
    if match is None:
        raise PublishError(
            f"Handle '{text}' is malformed: expected publisher/name/version, such as"
            " google/imagenet/mobilenet_v3_small_075_224/feature_vector/5. Change --handle."
        )
    return Handle(match["publisher"], match["name"], int(match["version"]))
