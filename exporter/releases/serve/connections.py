"""Bounds what clients may cost: how many there are, how long each is waited for, what is logged."""

import asyncio
import logging
import resource
import socket
import time
import traceback
from typing import Any

from uvicorn import Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from exporter.errors import printable, reason

# Seconds for a whole request's headers, and for a client that takes nothing of its answer.
HEADERS_WITHIN, TAKEN_WITHIN = 10.0, 60.0
# Seconds between two lines of the log.
LOGGED_EVERY = 60.0
# Connections that are accepted at once, before any can be counted.
BACKLOG = 128
_LOG = logging.getLogger("uvicorn.error")
# Of each client: its connection, and a file that it is sent, opened twice.
_DESCRIPTORS_EACH, _DESCRIPTORS_OF_OURS = 3, 64
# More would cost memory, some 128 KiB each, and serve nobody better.
_MOST, _FEWEST = 512, 8


def most_connections() -> int:
    """Returns how many connections may be open, so that descriptors never run out."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return _MOST
    spare = allowed - _DESCRIPTORS_OF_OURS - BACKLOG
    return min(_MOST, max(_FEWEST, spare // _DESCRIPTORS_EACH))


class BoundedConnection(H11Protocol):
    """A connection that is broken off if its client is too slow, or one too many.

    One too many is the one that has waited longest, of those that never asked
    for anything if there are such, so that idle clients lock nobody out.
    """

    _asked = False
    _opened = 0.0
    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Counts the connection, and waits for its first request."""
        super().connection_made(transport)
        self._opened = self.loop.time()
        self._wait_for_headers()
        if len(self.connections) > most_connections():
            others = [c for c in self.connections if isinstance(c, BoundedConnection)]
            waiting = [c for c in others if not c._answers()]  # noqa: SLF001  (of its own class)
            min(waiting, key=BoundedConnection._turn)._break_off()  # noqa: SLF001

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        for timer in filter(None, (self._late, self._stalled)):
            timer.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Takes what came; the time for headers ends with the last of them."""
        super().handle_events()
        if not self._answers():
            self._wait_for_headers()
        elif self._late is not None:
            self._asked = True
            self._late.cancel()
            self._late = None

    def on_response_complete(self) -> None:
        """Waits for the next request."""
        super().on_response_complete()
        if not self._answers():
            self._wait_for_headers()

    def pause_writing(self) -> None:
        """Waits for the client to take what was sent."""
        super().pause_writing()
        self._stalled = self.loop.call_later(TAKEN_WITHIN, self._break_off)

    def resume_writing(self) -> None:
        """Goes on when it has."""
        if self._stalled is not None:
            self._stalled.cancel()
        super().resume_writing()

    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _turn(self) -> tuple[bool, float]:
        return self._asked, self._opened

    def _wait_for_headers(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEADERS_WITHIN, self._break_off)

    def _break_off(self) -> None:
        self.connections.discard(self)
        self.transport.abort()


class MistakeLog(logging.Filter):
    """Keeps mistakes of ours in a log, each in a line, and of many one a minute.

    A transfer that is cut off at the end is none.
    """

    _silent_until = float("-inf")
    _unsaid = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Says whether a record is logged, and makes a line of it."""
        error = record.exc_info and record.exc_info[1]
        if not isinstance(error, Exception):  # which CancelledError is not
            return False
        if (now := time.monotonic()) < self._silent_until:
            self._unsaid += 1
            return False
        more = f" ({self._unsaid} more since the last such line)" if self._unsaid else ""
        record.msg, record.args = f"{_line(error)}{more}", ()
        record.exc_info = record.exc_text = None
        self._silent_until, self._unsaid = now + LOGGED_EVERY, 0
        return True


class BoundedServer(Server):
    """A server whose log is bounded, also for mistakes outside of any request."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        _LOG.setLevel(logging.ERROR)
        if not any(isinstance(known, MistakeLog) for known in _LOG.filters):
            _LOG.addFilter(MistakeLog())
        asyncio.get_running_loop().set_exception_handler(_on_mistake)
        await super().startup(sockets)


def _on_mistake(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception") or RuntimeError(context["message"])
    _LOG.error("outside of a request", exc_info=error)


def _line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return printable(f"Host: {type(error).__name__}{where}: {reason(error)}")
