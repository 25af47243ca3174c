"""Runs the command line: as a function in this process, or in a process of its own."""

import logging as standard_logging
import os
import subprocess
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
from absl import logging

from exporter.__main__ import _run
from exporter.cli.parser import parse
from support.compared_here import compare_here

ROOT = Path(__file__).parents[2]


def called(*arguments, env=None, cwd=ROOT):
    """Calls the command as a function, as `main` does.

    What it prints is taken from the file descriptors, so that what libraries and
    processes of its own print there is found too.

    Args:
        arguments: What follows `slim-export`.
        env: Variables to set meanwhile. Those that are read at the start of a
            process or of TensorFlow have no effect.
        cwd: The current folder meanwhile.

    Returns:
        What `subprocess.run` would return.
    """
    command = ["slim-export", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        compare_here(patch)
        patch.chdir(cwd)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        # TensorFlow may be there already, so the command would not silence it itself.
        warnings.simplefilter("ignore")
        standard_logging.getLogger("tensorflow").setLevel("ERROR")
        logging.set_verbosity(logging.ERROR)
        with _printed() as said:
            status = _status(command)
    return subprocess.CompletedProcess(command, status, *said)


def _status(command):
    try:
        return _run(parse(command))
    except SystemExit as end:
        return end.code or 0


@contextmanager
def _printed():
    """Takes what is printed, and lists it as text when the body has ended: output, errors."""
    said = []
    with _aside(1, "stdout") as output, _aside(2, "stderr") as errors:
        yield said
        sys.stdout.flush()
        sys.stderr.flush()
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())


@contextmanager
def _aside(number, name):
    """Sends a file descriptor, and Python's stream of that name, to a file."""
    stream = getattr(sys, name)
    stream.flush()
    before = os.dup(number)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), number)
        try:
            with os.fdopen(os.dup(number), "w", encoding="utf-8") as text:
                setattr(sys, name, text)
                yield file
        finally:
            setattr(sys, name, stream)
            os.dup2(before, number)
            os.close(before)


def in_a_process(*arguments, env=None, **options):
    """Runs the command in a fresh process; options are those of `subprocess.run`."""
    return subprocess.run(
        [sys.executable, "-m", "exporter", *map(str, arguments)],
        **{"cwd": ROOT, "timeout": 300, **options},
        capture_output=True,
        text=True,
        env=fresh_environment(env),
        check=False,
    )


def fresh_environment(changes=None):
    """Returns the environment as a user has it, without what silences this process."""
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return kept | (changes or {})
