"""The processes in which subjects wait for their turns."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pydantic

from exporter.bench import describe, worker
from exporter.bench.request import Described, Model, OpenTask, Ran
from exporter.errors import BenchmarkError, last_line
from exporter.verifier.child import child, send

# What runtimes read when they start; TensorFlow's own settings come too late for some formats.
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


def model_of(folder: Path) -> Model:
    """Looks at a SavedModel, in a process that ends with it.

    Raises:
        BenchmarkError: If it cannot be measured, or the process ended without an answer.
    """
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        child(describe.__name__, _environment(None), stderr=said.fileno()) as process,
    ):
        output, _ = process.communicate(json.dumps(str(folder)) + "\n")
        if process.returncode != 0 or not output:
            raise BenchmarkError(
                f"SavedModel '{folder}' could not be looked at: {_end(process, said)}. Free some"
                " memory and try again."
            )
    answer = Described.model_validate_json(output)
    if answer.model is None:
        raise BenchmarkError(answer.error)
    return answer.model


@dataclass(frozen=True)
class Worker:
    """A process with one subject.

    Attributes:
        task: What it was started with.
    """

    task: OpenTask
    _process: "subprocess.Popen[str]"
    _said: TextIO

    def ask(self, task: pydantic.BaseModel) -> Ran:
        """Has something done, and waits for it.

        Raises:
            BenchmarkError: If it failed, or the process has ended; it does nothing more then.
        """
        send(self._process, task.model_dump_json())
        return self.hear()

    def hear(self) -> Ran:
        """Waits for an answer.

        Raises:
            BenchmarkError: As `ask` does.
        """
        assert self._process.stdout is not None, "the process was started with a pipe"
        line = self._process.stdout.readline()
        answer = Ran.model_validate_json(line) if line else None
        if answer is None or answer.error:
            raise self.refusal(answer.error if answer else _end(self._process, self._said))
        return answer

    def refusal(self, reason: str) -> BenchmarkError:
        """Ends the process, and says why."""
        self._process.kill()
        subject = self.task.subject
        advice = {
            "saved_model": "Export or copy the model again",
            "format": "Convert it again, or remove its folder",
            "peer": "Leave it out of --peer, or install another version",
        }
        return BenchmarkError(
            f"Subject '{subject.name}' could not be measured: {reason.rstrip('.')}."
            f" {advice[subject.kind]}."
        )


@contextmanager
def started(task: OpenTask) -> Iterator[Worker]:
    """Starts the process of a subject, which begins with its imports.

    Args:
        task: What to import now, and to load once it is asked for.

    Yields:
        The running process, to be heard before it is asked; it is gone afterwards.
    """
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        child(worker.__name__, _environment(task.threads), stderr=said.fileno()) as process,
    ):
        send(process, task.model_dump_json())
        yield Worker(task, process, said)


def _environment(threads: int | None) -> Mapping[str, str]:
    own = {
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
        # Whatever a user's own Keras runs on: `convert` verified the file on TensorFlow.
        "KERAS_BACKEND": "tensorflow",
    }
    return own if threads is None else own | dict.fromkeys(_THREADS, str(threads))


def _end(process: "subprocess.Popen[str]", said: TextIO) -> str:
    """Says how a process ended, with its last words."""
    process.wait()
    said.seek(0)
    return (
        f"expected an answer, found that it ended with status {process.returncode}"
        f" ({last_line(said.read())})"
    )
