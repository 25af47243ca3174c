"""The URL of `--to`."""

import re
from dataclasses import dataclass

from exporter.errors import PublishError

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/]*)(?P<path>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in parts.

    Attributes:
        scheme: Which kind of target; "file" for a plain path.
        host: What stands before the first slash; a bucket or owner elsewhere.
        path: The rest, with that slash; for a plain path all of it.
    """

    scheme: str
    host: str
    path: str

    def __str__(self) -> str:
        """Writes it as a URL."""
        return f"{self.scheme}://{self.host}{self.path}"


def parse(text: str) -> Address:
    """Reads a URL or a path.

    Args:
        text: As it was given.

    Returns:
        Its parts.

    Raises:
        PublishError: If it holds credentials or what is not printable.
    """
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
