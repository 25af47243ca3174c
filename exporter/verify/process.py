"""Runs the comparison in a fresh process, beside the export."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from absl import logging

from exporter.errors import VerificationError
from exporter.verify import worker
from exporter.verify.report import VerificationReport
from exporter.verify.request import Reference
from exporter.verify.worker import Answer


@dataclass(frozen=True)
class Verifier:
    """A process that compares one SavedModel; it has begun to import TensorFlow."""

    _process: subprocess.Popen[str]

    def prepare(self, reference: Reference) -> None:
        """Lets the process build the original, which it does at once, on another core.

        Args:
            reference: The original graph with its checkpoint.
        """
        self._send(reference.model_dump_json())

    def compare(self, folder: Path) -> VerificationReport:
        """Loads a SavedModel back from disk and compares it with the original.

        Args:
            folder: The SavedModel.

        Returns:
            The report; it may say that checks failed.

        Raises:
            VerificationError: If no comparison came about.
        """
        self._send(json.dumps(str(folder.absolute())))
        output, _ = self._process.communicate()
        if self._process.returncode != 0 or not output:
            raise VerificationError(
                "Verification ended before it was done: expected exit status 0, found"
                f" {self._process.returncode}. See its messages above; free some memory and"
                " try again, or export with --verify=false."
            )
        answer = Answer.model_validate_json(output)
        if answer.report is None:
            raise VerificationError(
                f"SavedModel could not be verified: {answer.error}. Nothing was written; report"
                " this, or export with --verify=false."
            )
        return answer.report

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None, "the process was started with a pipe"
        # If the process is gone, compare() says so.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


@contextmanager
def verifier() -> Iterator[Verifier]:
    """Starts the process.

    Yields:
        The running verifier; the process is gone afterwards.
    """
    path = (str(Path(worker.__file__).parents[2]), os.environ.get("PYTHONPATH"))
    process = subprocess.Popen(  # noqa: S603  (the command is our own)
        # Without the current folder on its path, where anything may lie under any name.
        [sys.executable, "-P", "-m", worker.__name__, str(logging.get_verbosity())],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # An interrupt from the terminal is the export's to answer.
        process_group=0,
    )
    try:
        yield Verifier(process)
    finally:
        process.kill()
        # Closes the pipes without waiting for what nobody reads any more.
        with suppress(BrokenPipeError):
            process.communicate()
