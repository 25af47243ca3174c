"""Runs the host on a port, until a signal comes or whoever started it is done."""

import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import PublishError, reason
from exporter.installing import pip_install
from exporter.releases.serve.index import Catalog

if TYPE_CHECKING:
    from uvicorn import Server

LOOPBACK, PORT = "127.0.0.1", 8500
# Whole seconds in which transfers may end after a signal; then they are cut off.
_GRACE = 1


def open_catalog(root: Path, tell: Callable[[str], None]) -> Catalog:
    """Looks through a folder of releases.

    Args:
        root: The folder.
        tell: Called with a sentence for every damaged release.

    Raises:
        PublishError: If there is no such folder, or it cannot be read.
    """
    try:
        if not root.is_dir():
            raise PublishError(
                f"Folder '{root}' does not exist: expected a folder with releases, found none."
                " Change --release_dir."
            )
        with os.scandir(root):
            (root / ".").stat()  # what is in it can be reached as well
        catalog = Catalog(root, tell)
        catalog.index()
    except OSError as error:
        raise PublishError(
            f"Folder '{root}' cannot be read: {reason(error)}. Change --release_dir."
        ) from error
    return catalog


def bind(host: str, port: int) -> socket.socket:
    """Takes a port, so that it is known whose it is before anything is promised.

    Args:
        host: A name or address.
        port: 0 for any that is free.

    Returns:
        The socket.

    Raises:
        PublishError: If the port is taken, or there is no such host.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        why, _, _ = reason(error).partition(" (while")  # Python repeats the address
        raise PublishError(
            f"Port {port} of '{host}' cannot be listened on: {why}. Change --port or --host;"
            " --port=0 takes a free one."
        ) from error


def url_of(listening: socket.socket) -> str:
    """Returns the URL of a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listening: socket.socket) -> bool:
    """Says whether only this machine can reach a socket."""
    return is_this_machine(listening.getsockname()[0].split("%")[0])


def is_this_machine(host: str) -> bool:
    """Says whether a name or an address, without a port, is of the loopback."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(catalog: Catalog, listening: socket.socket) -> None:
    """Serves until a signal comes, which is then raised again.

    Args:
        catalog: What there is.
        listening: Where.
    """
    _server(catalog, listening).run(sockets=[listening])


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serves a folder on a free port of the loopback, beside what is done meanwhile.

    Args:
        folder: Of one release or several.

    Yields:
        The host's URL.
    """
    listening = bind(LOOPBACK, 0)
    server = _server(open_catalog(folder, lambda _: None), listening)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield url_of(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _server(catalog: Catalog, listening: socket.socket) -> "Server":
    try:
        import uvicorn

        from exporter.releases.serve.app import Host
        from exporter.releases.serve.connections import BACKLOG, BoundedConnection, BoundedServer
    except ImportError as error:
        raise PublishError(
            "The host needs packages that are not installed: expected 'starlette', 'uvicorn' and"
            f" 'markdown-it-py', found no '{error.name}'. Run: {pip_install('serve')}."
        ) from error
    return BoundedServer(
        uvicorn.Config(
            Host(catalog, is_this_machine if is_loopback(listening) else None),
            http=BoundedConnection,
            ws="none",
            lifespan="off",
            loop="asyncio",
            backlog=BACKLOG,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )
