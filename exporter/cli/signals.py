"""Ends the process in good order when it is told to."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SENTENCE = b"slim-export: interrupted; nothing is left half-written.\n"
_received: list[int] = []
# Standard error as it was at the start: while libraries are loaded, descriptor 2 is a file.
_terminal: list[int] = []


def install() -> None:
    """Lets interrupted and terminated commands clean up, and exit with 128 + the signal's number.

    The handler raises `SystemExit` wherever the program is. Where that happens
    to be a destructor, Python drops the exception; `check` then raises it again.
    """
    with suppress(OSError):  # it was closed at the start
        _terminal.append(os.dup(2))
    for number in _SIGNALS:
        signal.signal(number, _on_signal)
    sys.unraisablehook = _on_unraisable


def check() -> None:
    """Exits if a signal has come."""
    if _received:
        sys.exit(128 + _received[0])


def _on_signal(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    if len(_received) == 1:  # a second one must not break the cleaning up
        for terminal in _terminal:
            with suppress(OSError):  # nobody reads it any more
                os.write(terminal, _SENTENCE)
        check()


def _on_unraisable(dropped: Any) -> None:
    if not isinstance(dropped.exc_value, SystemExit):
        sys.__unraisablehook__(dropped)
