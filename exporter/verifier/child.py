"""Processes of our own that work beside this one, each with a TensorFlow of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from absl import logging


@contextmanager
def child(
    module: str, environment: Mapping[str, str] | None = None, *, stderr: int | None = None
) -> "Iterator[subprocess.Popen[str]]":
    """Starts a module of this package, with absl's verbosity as its argument.

    Args:
        module: Such as `exporter.verifier.worker`.
        environment: What it has beside this process's environment.
        stderr: As `subprocess.Popen` takes it; None to share this process's.

    Yields:
        The process, with pipes for its input and output; it is gone afterwards.
    """
    path = (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))
    found = {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    process = subprocess.Popen(  # noqa: S603  (the command is our own)
        # Without the current folder on its path, where anything may lie under any name.
        [sys.executable, "-P", "-m", module, str(logging.get_verbosity())],
        env={**os.environ, **found, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        # What libraries print is in whatever encoding they choose.
        errors="replace",
        # An interrupt from the terminal is this process's to answer.
        process_group=0,
    )
    try:
        yield process
    finally:
        process.kill()
        # Closes the pipes without waiting for what nobody reads any more.
        with suppress(BrokenPipeError, ValueError):
            process.communicate()


def send(process: "subprocess.Popen[str]", line: str) -> None:
    """Writes one line to a process; if it is gone, its exit status will tell."""
    assert process.stdin is not None, "the process was started with a pipe"
    with suppress(BrokenPipeError):
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
