"""Answers requests of TensorFlow Hub's protocol, and of browsers."""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from exporter.releases.manifest import ARCHIVE
from exporter.releases.page_code import ANY_HOST
from exporter.releases.serve import pages
from exporter.releases.serve.index import Catalog, Index, ServedFile, ServedRelease, identity_of

_FORMAT = "tf-hub-format"
_METHODS = ("GET", "HEAD")
# Handles and the names of files need no other characters, and none that is escaped.
_PATH = re.compile(rb"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)
_MAX_PATH = 1000
# No program asks for many; each costs a part of the answer.
_MAX_RANGES = 16
_HEADERS = {
    "Content-Security-Policy": pages.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # ask again, with the ETag
}
_TYPES = {
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
}


class Host:
    """An ASGI application that reads releases and nothing else.

    Attributes:
        catalog: What there is.
        known: Says whether a `Host` header names this host; None where any may.
    """

    def __init__(self, catalog: Catalog, known: Callable[[str], bool] | None = None) -> None:
        self._catalog, self._known = catalog, known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        response = _refusal(scope) or self._stranger(scope) or await self._answer(scope)
        if isinstance(response, ServedFile):
            await _send_file(response, scope, receive, send)
        else:
            await response(scope, receive, send)

    def _stranger(self, scope: Scope) -> Response | None:
        """Refuses pages of elsewhere whose name was turned to this machine (DNS rebinding)."""
        asked = Headers(scope=scope).get("host")
        if self._known is None or asked is None:
            return None
        try:
            known = self._known(urlsplit(f"//{asked}").hostname or "")
        except ValueError:
            known = False
        return None if known else _text(421, "This host has no such name; ask 127.0.0.1.")

    async def _answer(self, scope: Scope) -> Response | ServedFile:
        index = await run_in_threadpool(self._catalog.index)
        path = scope["raw_path"].decode("ascii")[1:]
        if not path:
            return _page(pages.listing(index, _base_url(scope)), Headers(scope=scope))
        if path in index.releases:
            return await _model(index.releases[path], scope)
        return _file(path, index)


def _refusal(scope: Scope) -> Response | None:
    """Refuses what no link of ours asks for."""
    if scope["method"] not in _METHODS:
        return _text(405, "Only GET and HEAD are answered.", {"Allow": ", ".join(_METHODS)})
    path: bytes = scope["raw_path"]
    if len(path) > _MAX_PATH:
        return _text(414, "The path is too long.")
    if path != b"/" and _PATH.fullmatch(path) is None:
        return _text(400, "The path is malformed.")
    if Headers(scope=scope).get("range", "").count(",") >= _MAX_RANGES:
        return _text(416, f"At most {_MAX_RANGES} ranges are sent at once.")
    return None


async def _model(release: ServedRelease, scope: Scope) -> Response | ServedFile:
    """Answers a handle: the archive for programs, the page for people."""
    wanted = QueryParams(scope["query_string"]).getlist(_FORMAT)
    if wanted == ["compressed"]:
        return release.files[ARCHIVE]
    if wanted == ["uncompressed"]:
        return _text(
            406,
            "Only compressed models are served: expected tf-hub-format=compressed. Set"
            " TFHUB_MODEL_LOAD_FORMAT=COMPRESSED.",
        )
    if wanted:
        return _text(400, "tf-hub-format is malformed: expected 'compressed' once.")
    page = release.files[release.manifest.page_name]
    content = await run_in_threadpool(_read, page)
    if content is None:
        return _changed()
    html = await run_in_threadpool(pages.model, release, content, _base_url(scope))
    return _page(html, Headers(scope=scope))


def _base_url(scope: Scope) -> str:
    """Returns what was asked, without the path: what a page tells people to load from."""
    asked = Headers(scope=scope).get("host", "")
    # Whoever asks says what this host is called; nothing else goes into a page.
    return f"{scope['scheme']}://{asked}" if _HOST.fullmatch(asked) else ANY_HOST


def _file(path: str, index: Index) -> Response | ServedFile:
    handle, _, name = path.rpartition("/")
    release = index.releases.get(handle)
    if release is not None and name in release.files:
        return release.files[name]
    if {path, handle} & index.handles:
        return _text(503, "This release is damaged and not served.")
    return _text(404, "There is no such model or file.")


class _ChangedError(Exception):
    """A file was changed while it was sent."""


async def _send_file(file: ServedFile, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a file as long as it is the one that was checked, in small blocks.

    Each is checked after it was read; if the file has changed, the connection
    is broken off, and what came can be taken for nothing whole.
    """
    headers = {**_HEADERS, "ETag": f'"{file.content.sha256}"'}
    if _matches(Headers(scope=scope), headers["ETag"]):
        await Response(status_code=304, headers=headers)(scope, receive, send)
        return
    descriptor = _opened(file)
    if descriptor is None:
        await _changed()(scope, receive, send)
        return
    try:
        # By its descriptor, so that it stays this file whatever takes its name meanwhile.
        response = FileResponse(
            f"/dev/fd/{descriptor}",
            headers=headers,
            media_type=_TYPES.get(file.path.suffix, "application/octet-stream"),
            stat_result=os.fstat(descriptor),
        )
        with suppress(_ChangedError):  # the server closes a connection whose answer is not whole
            await response(scope, receive, _while_unchanged(file, descriptor, send))
    finally:
        os.close(descriptor)


def _while_unchanged(file: ServedFile, descriptor: int, send: Send) -> Send:
    async def checked(message: Message) -> None:
        if identity_of(os.fstat(descriptor)) != file.identity:
            raise _ChangedError
        await send(message)

    return checked


def _opened(file: ServedFile) -> int | None:
    """Opens a file; None if it is not the one that was checked.

    No link in its place is followed, and no pipe is waited for.
    """
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if identity_of(os.fstat(descriptor)) == file.identity:
        return descriptor
    os.close(descriptor)
    return None


def _read(file: ServedFile) -> str | None:
    """Reads a page; None if it is not the one that was checked."""
    descriptor = _opened(file)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        content = opened.read(file.content.size)
    if hashlib.sha256(content).hexdigest() != file.content.sha256:
        return None
    return content.decode("utf-8", errors="replace")


def _page(html: str, asked: Headers) -> Response:
    content = html.encode()
    headers = {**_HEADERS, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
    if _matches(asked, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(content, headers=headers)


def _matches(asked: Headers, etag: str) -> bool:
    """Says whether the asker has this already (RFC 9110, section 13.1.2)."""
    known = ",".join(asked.getlist("if-none-match"))
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return etag in tags or tags == ["*"]


def _changed() -> Response:
    return _text(503, "This release is being replaced; ask again.", {"Retry-After": "1"})


def _text(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{message}\n", status, {**_HEADERS, **(headers or {})})
