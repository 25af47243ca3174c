"""What signing through Sigstore needs, where an identity stands in for a key.

Signing and verifying need its services. They are model-signing's, as with a key; only what
can go wrong on the way to them is told here.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import PublishError, reason
from exporter.releases.targets.failures import described


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is expected to have signed.

    Attributes:
        name: Such as a mail address, or the URL of a workflow.
        issuer: URL of who vouches for it, such as `https://accounts.google.com`.
    """

    name: str
    issuer: str

    def __str__(self) -> str:
        """Says both."""
        return f"identity '{self.name}' of '{self.issuer}'"


@contextmanager
def service() -> Iterator[None]:
    """Turns what goes wrong at Sigstore's services into what the user is told."""
    import requests

    try:
        yield
    except Exception as error:  # the errors of their clients have nothing in common
        if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
            raise  # of this machine's files
        raise PublishError(
            f"Sigstore cannot be used: {described(error)}. Check the network and the identity, or"
            " use a key: --sign_key, --verify_key."
        ) from error


def token_of(file: Path | None) -> str | None:
    """Finds a token that has not expired and names who signs.

    Args:
        file: Holds an OpenID Connect token for the audience `sigstore`; None
            for the one of the CI this runs in.

    Returns:
        The token; None for a login in the browser when it is signed.

    Raises:
        PublishError: If there is none, nor a terminal from which to log in.
    """
    from sigstore import oidc

    try:
        token = file.read_text("utf-8").strip() if file else oidc.detect_credential()
        if token is not None:
            oidc.IdentityToken(token)
    except OSError as error:
        raise PublishError(
            f"Token '{file}' cannot be read: {reason(error)}. Change --sigstore_token_file."
        ) from error
    except (oidc.IdentityError, UnicodeDecodeError) as error:  # whose texts might quote it
        found = f"another in '{file}'" if file else "none that this CI gives out"
        raise PublishError(
            "Identity token cannot be used: expected an OpenID Connect token for the audience"
            f" 'sigstore' that has not expired, found {found}. Ask for a new one."
        ) from error
    if token is None and not sys.stdin.isatty():
        raise PublishError(
            "Who signs is not known: expected --sigstore_token_file, the token of a CI, or a"
            " terminal from which to log in, found none. Give the file; in GitHub workflows, the"
            " permission 'id-token: write'."
        )
    return token
