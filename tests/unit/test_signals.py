"""Signals end the command in good order, even where Python drops the exception."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exporter.cli.signals import limited
from exporter.errors import InvalidArgumentError

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


STUCK = """
import hashlib
from pathlib import Path
from exporter import processes, temporary
from exporter.staging import staged
with staged(Path(sys.argv[1]), overwrite=False), temporary.folder() as place:
    with processes.session(processes._once, "time", "sleep", (600,)) as session:
        print(place, session._process.pid, flush=True)
        {stuck}
"""
NEVER_ENDS = (
    "hashlib.pbkdf2_hmac('sha256', b'', b'', (1 << 31) - 1)"  # in C, which calls no handler
)


@pytest.mark.parametrize(
    ("number", "stuck"),
    [
        (signal.SIGTERM, NEVER_ENDS),
        (signal.SIGINT, NEVER_ENDS),
        (signal.SIGALRM, f"with signals.limited(0.1): {NEVER_ENDS}"),
        (signal.SIGALRM, "with signals.limited(0.1): time.sleep(600)"),
        (signal.SIGKILL, NEVER_ENDS),
    ],
)
def test_what_never_ends_is_ended_at_once_with_all_its_processes(tmp_path, number, stuck):
    program = PROGRAM.format(body="import time\n" + STUCK.format(stuck=stuck))
    process = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "made/model"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stdout.readline()
    assert said, process.communicate()
    place, child = said.split()
    time.sleep(0.5)  # until the child listens
    start = time.monotonic()
    if number != signal.SIGALRM:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - start < 5
    assert must_be_gone(child)
    if number == signal.SIGKILL:
        return
    assert process.returncode == (1 if number == signal.SIGALRM else 128 + number)
    (line,) = errors.splitlines()
    over = "Time limit is over: expected an end within 0.1 seconds, found the command at work"
    assert (over if number == signal.SIGALRM else "interrupted; nothing is left") in line
    assert not os.path.exists(place)
    assert os.listdir(tmp_path) == []


def must_be_gone(process):
    for _ in range(100):
        status = Path(f"/proc/{process}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_limit_that_is_none(seconds):
    with (
        pytest.raises(InvalidArgumentError, match="is out of range: expected above 0"),
        limited(seconds),
    ):
        pass


def test_other_dropped_exceptions_are_shown():
    body = "class Bad:\n    def __del__(self): 1 / 0\nBad()"
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ZeroDivisionError" in result.stderr
