"""Runs the comparison in a fresh process, beside the export."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import VerificationError
from exporter.verifier import worker
from exporter.verifier.child import child, send
from exporter.verifier.report.records import VerificationReport
from exporter.verifier.report.request import Reference
from exporter.verifier.worker import Answer


@dataclass(frozen=True)
class Verifier:
    """A process that compares one SavedModel; it has begun to import TensorFlow."""

    _process: subprocess.Popen[str]

    def prepare(self, reference: Reference) -> None:
        """Lets the process build the original, which it does at once, on another core.

        Args:
            reference: The original graph with its checkpoint.
        """
        send(self._process, reference.model_dump_json())

    def compare(self, folder: Path) -> VerificationReport:
        """Loads a SavedModel back from disk and compares it with the original.

        Args:
            folder: The SavedModel.

        Returns:
            The report; it may say that checks failed.

        Raises:
            VerificationError: If no comparison came about.
        """
        send(self._process, json.dumps(str(folder.absolute())))
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


@contextmanager
def verifier() -> Iterator[Verifier]:
    """Starts the process.

    Yields:
        The running verifier; the process is gone afterwards.
    """
    with child(worker.__name__) as process:
        yield Verifier(process)
