"""Signals end the command in good order, even where Python drops the exception."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys
from exporter.cli import signals
signals.install()
class Destroyed:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(100_000))
{body}
print("went on")
"""

TWICE = """
try: os.kill(os.getpid(), signal.SIGTERM)
finally: os.kill(os.getpid(), signal.SIGINT); print('cleaned up')
"""

SET_ASIDE = """
from exporter.quiet import stderr_set_aside
with stderr_set_aside(): os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize(
    ("body", "status", "output"),
    [
        ("os.kill(os.getpid(), signal.SIGINT)", 130, ""),
        ("os.kill(os.getpid(), signal.SIGHUP)", 129, ""),
        ("Destroyed()", 0, "went on\n"),
        ("Destroyed(); signals.check()", 143, ""),
        (TWICE, 143, "cleaned up\n"),
        (SET_ASIDE, 143, ""),
    ],
)
def test_signals(body, status, output):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (status, output)
    assert result.stderr == "slim-export: interrupted; nothing is left half-written.\n"


def test_other_dropped_exceptions_are_shown():
    body = "class Bad:\n    def __del__(self): 1 / 0\nBad()"
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ZeroDivisionError" in result.stderr
