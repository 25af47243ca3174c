"""An oras client that gives up in time, and says with which status a registry refused."""

from typing import Any

import requests
from oras.auth import AuthenticationException
from oras.container import Container
from oras.logger import setup_logger
from oras.provider import Registry
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

_TIMEOUT = (10.0, 60.0)  # seconds to connect, and without a byte
_RETRIES = Retry(
    total=2,
    backoff_factor=0.5,
    status_forcelist=(502, 503, 504),
    allowed_methods=("GET", "HEAD", "PUT"),
    raise_on_status=False,
)


class _Adapter(HTTPAdapter):
    """Sends requests with a time-out, which oras does not set."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        return super().send(request, **{**options, "timeout": options.get("timeout") or _TIMEOUT})


class _Registry(Registry):  # type: ignore[misc]
    """Oras' own, without its two minutes of retries."""

    def do_request(self, url: str, method: str = "GET", **options: Any) -> requests.Response:
        """Asks once and refuses what is no success, a missing thing aside."""
        try:
            asked = super().do_request.__wrapped__(self, url, method, **options)
        except requests.RequestException:
            raise
        except (AuthenticationException, ValueError) as error:
            raise _unauthorized() from error
        response: requests.Response = asked
        if response.status_code != 404 or method not in ("GET", "HEAD"):
            response.raise_for_status()
        return response

    def manifest_at(self, container: Container) -> dict[str, Any] | None:
        """Returns the manifest of a tag, None if there is no such tag."""
        self.auth.load_configs(container)
        url = f"{self.prefix}://{container.manifest_url()}"
        accepted = (
            "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
        )
        response = self.do_request(url, "GET", headers={"Accept": accepted})
        if response.status_code == 404:
            return None
        found: dict[str, Any] = response.json()
        return found


def _unauthorized() -> requests.HTTPError:
    """Says with a status what oras says in words: there are no credentials, or none that do."""
    response = requests.Response()
    response.status_code = 401
    return requests.HTTPError(response=response)


def client(host: str, *, insecure: bool) -> _Registry:
    """Makes a client for a registry; credentials are Docker's.

    Args:
        host: With the port, if it has one.
        insecure: Whether to speak plain HTTP.
    """
    setup_logger(quiet=True)
    registry = _Registry(host, insecure=insecure)
    for scheme in ("http://", "https://"):
        registry.session.mount(scheme, _Adapter(max_retries=_RETRIES))
    return registry
