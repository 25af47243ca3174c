"""Says why a host could not be written to, without a word that might hold a credential."""

import re
from collections.abc import Iterator

_STATUS = {
    400: "the request was refused as malformed",
    401: "it asks for credentials",
    403: "the credentials do not allow it",
    404: "there is no such place",
    409: "it is being changed by another process",
    413: "it takes no files of this size",
    429: "it asks for fewer requests",
}
_NAMES = {
    "timeout": "it did not answer in time",
    "timedout": "it did not answer in time",
    "credential": "it found no credentials that do",
    "token": "it found no credentials that do",
    "connect": "the connection was refused or broken",
    "protocol": "the connection was refused or broken",
    "payload": "the connection was refused or broken",
    "notimplemented": "it can only be read",
}
_BOTO_STATUS = "ResponseMetadata"
# Of a text only the number is taken.
_STATUS_IN_WORDS = re.compile(r"status code (?P<status>\d{3})\b")


def described(error: BaseException) -> str:
    """Describes an error of a host's library.

    What a host answers may repeat a credential, so its text is not used: only
    the status, what the system says, or the name of the error.

    Args:
        error: Any.

    Returns:
        Such as "HTTP status 403: the credentials do not allow it".
    """
    chain = tuple(_chain(error))
    for one in chain:
        if (status := _status(one)) is not None:
            meaning = _STATUS.get(status, "it failed" if status >= 500 else "it was refused")
            return f"HTTP status {status}: {meaning}"
    for one in reversed(chain):
        if isinstance(one, OSError) and one.errno and one.strerror:
            return one.strerror
    name = type(chain[0]).__name__
    known = (text for part, text in _NAMES.items() if part in name.lower())
    return next(known, _words(name))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Goes from an error to what caused it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _status(error: BaseException) -> int | None:
    """Finds the HTTP status in an error of requests, httpx, botocore or kagglehub."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get(_BOTO_STATUS, {}).get("HTTPStatusCode")
    else:
        status = getattr(response, "status_code", None)
    if status is None and (match := _STATUS_IN_WORDS.search(str(error))):
        status = int(match["status"])
    return status if isinstance(status, int) and status >= 400 else None


def _words(name: str) -> str:
    """Writes `NoCredentialsError` as "no credentials"."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Error")).lower()
    return split or "error"
