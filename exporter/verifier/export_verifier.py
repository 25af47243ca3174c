"""Verifies an export in a process beside it, on another core.

Nothing here imports TensorFlow before that process does, which it does at once.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter import processes, quiet
from exporter.errors import VerificationError
from exporter.processes import ProcessEndedError, Session
from slim_nets.network import NetworkError

if TYPE_CHECKING:
    from exporter.verifier.report.reference import Reference
    from exporter.verifier.report.verification_report import VerificationReport


@dataclass(frozen=True)
class Verifier:
    """A process that compares one SavedModel; it has begun to import TensorFlow."""

    _running: "Session[VerificationReport | None]"

    def prepare(self, reference: "Reference") -> None:
        """Lets the process build the original, which it does while the export goes on.

        Args:
            reference: The original graph with its checkpoint.
        """
        self._running.tell(reference)

    def compare(self, folder: Path) -> "VerificationReport":
        """Loads a SavedModel back from disk and compares it with the original.

        Args:
            folder: The SavedModel.

        Returns:
            The report; it may say that checks failed.

        Raises:
            VerificationError: If no comparison came about.
        """
        self._running.tell(folder.absolute())
        try:
            # It says that it is ready for the reference, and that it is for the folder.
            while (report := self._running.hear()) is None:
                pass
        except ProcessEndedError as error:
            raise VerificationError(
                f"Verification ended before it was done: {error}."
                f" {error.advice('export with --verify=false')}"
            ) from error
        return report


@contextmanager
def verifier() -> Iterator[Verifier]:
    """Starts the process.

    Yields:
        The running verifier; the process is gone afterwards.
    """
    with processes.session(verified_export) as running:
        yield Verifier(running)


def verified_export() -> "Generator[VerificationReport | None, Any, None]":
    """Verifies one export, step by step as the export goes on.

    Yields:
        None, to be sent the `Reference`; None when that is open, to be sent the
        SavedModel's folder; the report.

    Raises:
        VerificationError: If no comparison came about.
    """
    quiet.import_tensorflow()
    import tensorflow as tf

    from exporter.verifier.run import run_quick

    reference: Reference = yield None
    try:
        with reference.subject.opened() as original:
            folder: Path = yield None
            yield run_quick(folder, reference, original)
    except NetworkError:
        raise  # which says itself what is wrong, and whose fault it is
    except (tf.errors.OpError, OSError, ValueError, VerificationError) as error:
        said = " ".join(str(error).split())[:500] or type(error).__name__
        raise VerificationError(
            f"SavedModel could not be verified: {said}. Nothing was written; report this, or"
            " export with --verify=false."
        ) from error
