"""Downloads a file, going on where a broken connection left off."""

import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from exporter.digests import algorithm_of, of_files
from exporter.errors import FetchError
from exporter.progress import Progress, silent

_BLOCK = 1 << 18
_MAX_SAID = 200  # characters of what a server says
_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_BROKEN_CONNECTION = (
    requests.ConnectionError,
    requests.Timeout,
    urllib3.exceptions.HTTPError,
)
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)
# However much each connection brings, a server that always drops must end.
_MAX_CONNECTIONS = 200


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to bear with a server.

    Attributes:
        most: Bytes after which a file is refused.
        attempts: Connections in a row that may bring nothing.
        backoff: Seconds before the second attempt; doubled before each other.
        timeout: Seconds without a byte after which a connection is given up.
    """

    most: int = 1 << 30
    attempts: int = 4
    backoff: float = 0.5
    timeout: float = 20.0


@dataclass(slots=True)
class _Transfer:
    """What is known of the file while it comes."""

    url: str
    partial: Path
    validator: str | None = None
    total: int | None = None

    @property
    def received(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0


class _Session(requests.Session):
    """Follows servers to other hosts, but not from https to anything else."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        # Else requests would read what it says beside into memory, however long that is.
        resp.close()
        if urlsplit(resp.url).scheme != "https":
            return target
        there = urljoin(resp.url, target)
        if urlsplit(there).scheme != "https":
            raise FetchError(
                f"Server of '{resp.url}' sends elsewhere without encryption: expected https, found"
                f" '{there[:_MAX_SAID]}'. Try another --mirror."
            )
        return target


class _RetryableError(Exception):
    """The connection failed in a way that the next one may not."""


def download(
    url: str,
    destination: Path,
    *,
    digest: str | None,
    check: Callable[[Path], None],
    patience: Patience = Patience(),
    progress: Progress = silent,
) -> None:
    """Downloads a file to a path; until it is whole and right, nothing is there.

    Args:
        url: http or https.
        destination: Where; `<destination>.part` beside it holds what has come
            so far, and is kept when the connection breaks.
        digest: SHA-256 or SHA-384 that the file must have, None where not known.
        check: Refuses a file that is not whole, called where no digest is known.
        patience: How long to bear with the server.
        progress: Told the bytes received.

    Raises:
        FetchError: If the server refuses, or brings another file.
        OSError: If the file cannot be written.
    """
    transfer = _Transfer(url, destination.with_name(f"{destination.name}.part"))
    if digest is None or not _is_file(transfer.partial):
        # Whether an old part belongs to the same file could not be checked.
        transfer.partial.unlink(missing_ok=True)
    resumed = transfer.received > 0
    _receive(transfer, patience, progress)
    if digest is None:
        try:
            check(transfer.partial)
        except FetchError:
            transfer.partial.unlink()
            raise
    elif (found := of_files([transfer.partial], algorithm_of(digest))) != digest:
        transfer.partial.unlink()
        if resumed:
            # The old part may have belonged to another file.
            download(
                url, destination, digest=digest, check=check, patience=patience, progress=progress
            )
            return
        raise FetchError(
            f"Archive '{url}' is not the published one: expected {algorithm_of(digest)} {digest},"
            f" found {found}. Try another --mirror."
        )
    transfer.partial.replace(destination)


def _is_file(path: Path) -> bool:
    """Says whether a file is there that is no link, pipe or folder."""
    return os.path.lexists(path) and stat.S_ISREG(path.lstat().st_mode)


def _receive(transfer: _Transfer, patience: Patience, progress: Progress) -> None:
    """Connects until the file is whole."""
    failures = 0
    for _ in range(_MAX_CONNECTIONS):
        before = transfer.received
        try:
            _connect(transfer, patience, progress)
        except (*_BROKEN_CONNECTION, _RetryableError) as error:
            failures = 0 if transfer.received > before else failures + 1
            if failures >= patience.attempts:
                raise _gave_up(transfer, error) from error
            time.sleep(patience.backoff * 2 ** max(failures - 1, 0))
        except (requests.RequestException, ValueError) as error:
            raise _gave_up(transfer, error) from error
        else:
            return
    raise _gave_up(transfer, _RetryableError(f"{_MAX_CONNECTIONS} connections broke"))


def _connect(transfer: _Transfer, patience: Patience, progress: Progress) -> None:
    start = transfer.received
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if transfer.validator:
            headers["If-Range"] = transfer.validator
    with (
        _Session() as session,
        session.get(
            transfer.url, headers=headers, stream=True, timeout=patience.timeout
        ) as response,
    ):
        start = _accepted(transfer, response, start)
        with transfer.partial.open("r+b" if start else "wb") as file:
            file.truncate(start)
            file.seek(start)
            # What a broken connection brought is kept to the last byte, and not decoded.
            while block := response.raw.read1(_BLOCK, decode_content=False):
                if file.tell() + len(block) > patience.most:
                    raise _too_long(transfer, patience)
                file.write(block)
                progress("download", file.tell(), transfer.total)
    if transfer.total is not None and transfer.received != transfer.total:
        raise _RetryableError(f"{transfer.received} of {transfer.total} bytes came")


def _accepted(transfer: _Transfer, response: requests.Response, start: int) -> int:
    """Checks the answer's status and returns the offset at which its body goes on."""
    status = response.status_code
    if status == requests.codes.partial and start:
        covers = response.headers.get("Content-Range", "")
        covered = _CONTENT_RANGE.fullmatch(covers)
        if covered is None or int(covered[1]) != start:
            raise FetchError(
                f"Server of '{transfer.url}' sent the wrong part: expected bytes from {start},"
                f" found '{covers[:_MAX_SAID]}'. Try another --mirror."
            )
        transfer.total = int(covered[2]) if covered[2] != "*" else None
        return start
    if status == requests.codes.ok:
        # A first answer, or one of a server that ignores ranges: from the beginning.
        length = response.headers.get("Content-Length", "")
        transfer.total = int(length) if length.isascii() and length.isdigit() else None
        etag = response.headers.get("ETag", "")
        transfer.validator = etag if etag and not etag.startswith("W/") else None
        return 0
    if status == requests.codes.requested_range_not_satisfiable and start:
        transfer.partial.unlink()
        raise _RetryableError("the part on disk does not fit the server's file")
    if status in _RETRIED_STATUS:
        raise _RetryableError(f"status {status}")
    raise FetchError(
        f"Archive '{transfer.url}' is not to be had: expected status 200, found {status}."
        " Check --mirror, or pass a file to export with --checkpoint=FILE.tgz."
    )


def _too_long(transfer: _Transfer, patience: Patience) -> FetchError:
    transfer.partial.unlink()
    return FetchError(
        f"Archive '{transfer.url}' is too long: expected at most {patience.most} bytes, found more."
        " Try another --mirror."
    )


def _gave_up(transfer: _Transfer, error: Exception) -> FetchError:
    innermost: BaseException = error
    while (inner := innermost.__cause__ or innermost.__context__) is not None:
        innermost = inner
    reason = " ".join(str(innermost).split()).rstrip(".") or type(innermost).__name__
    return FetchError(
        f"Archive '{transfer.url}' could not be downloaded: {reason}. Check the network, use"
        " --mirror=URL, or fetch the archive elsewhere and export with --checkpoint=FILE.tgz."
    )
