"""Ends the process in good order when it is told to, or when its time is over."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from exporter import temporary
from exporter.errors import InvalidArgumentError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SENTENCE = b"slim-export: interrupted; nothing is left half-written.\n"
# Seconds for the program to take notice, and then to clean up after itself.
_NOTICED_WITHIN, _CLEAN_WITHIN = 0.5, 15.0
_MAX_LIMIT = 10_000_000  # seconds
# Exit statuses; what is told of each.
_received: list[int] = []
_sentences: dict[int, bytes] = {}
# Standard error as it was at the start: while libraries are loaded, descriptor 2 is a file.
_terminal: list[int] = []


def install() -> None:
    """Lets interrupted and terminated commands clean up, and exit with 128 + the signal's number.

    The handler raises `SystemExit` wherever the program is. Where that happens
    to be a destructor, Python drops the exception; `check` then raises it again.
    Where the program is in a library that does not come back, as in a model that
    never ends, Python calls no handler: then a thread cleans up and ends it.
    """
    with suppress(OSError):  # it was closed at the start
        _terminal.append(os.dup(2))
    for number in _SIGNALS:
        _sentences[128 + number] = _SENTENCE
        signal.signal(number, _on_signal)
    sys.unraisablehook = _on_unraisable
    noticed, notice = os.pipe()
    os.set_blocking(notice, False)
    signal.set_wakeup_fd(notice, warn_on_full_buffer=False)
    threading.Thread(target=_end_what_is_stuck, args=[noticed], daemon=True).start()


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Ends the command with a sentence and status 1 if the body takes longer.

    Args:
        seconds: None for any time.

    Raises:
        InvalidArgumentError: If it is no time.
    """
    if seconds is None:
        yield
        return
    if not 0 < seconds <= _MAX_LIMIT:
        raise InvalidArgumentError(
            f"Time limit {seconds:g} is out of range: expected above 0 and at most {_MAX_LIMIT}"
            " seconds. Change --time_limit."
        )
    _sentences[1] = (
        f"slim-export: Time limit is over: expected an end within {seconds:g} seconds, found the"
        " command at work; nothing is left half-written. Raise --time_limit, or leave a model"
        " alone that never ends.\n"
    ).encode()
    signal.signal(signal.SIGALRM, _on_signal)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def check() -> None:
    """Exits if a signal has come."""
    if _received:
        sys.exit(_received[0])


def _on_signal(number: int, _frame: FrameType | None) -> None:
    _received.append(_status(number))
    if len(_received) == 1:  # a second one must not break the cleaning up
        _say(_received[0])
        check()


def _status(number: int) -> int:
    return 1 if number == signal.SIGALRM else 128 + number


def _say(status: int) -> None:
    for terminal in _terminal:
        with suppress(OSError):  # nobody reads it any more
            os.write(terminal, _sentences[status])


def _end_what_is_stuck(noticed: int) -> None:
    """Waits for a signal, and ends the process if nothing else does."""
    status = _status(os.read(noticed, 1)[0])
    time.sleep(_NOTICED_WITHIN)
    if _received:
        time.sleep(_CLEAN_WITHIN)
    else:
        _received.append(status)
        _say(status)
    temporary.clean_up()
    os._exit(status)


def _on_unraisable(dropped: Any) -> None:
    if not isinstance(dropped.exc_value, SystemExit):
        sys.__unraisablehook__(dropped)
