"""Runs one conversion in a fresh process."""

import subprocess
import sys
from pathlib import Path

from absl import logging

from exporter.converters import worker
from exporter.converters.request import Converted, ConvertTask
from exporter.errors import ConversionError, last_line
from exporter.verifier.child import child, send


def converted(task: ConvertTask, workspace: Path) -> Converted:
    """Converts and verifies.

    Args:
        task: What to do.
        workspace: An empty folder for temporary files, which are left when it is killed.

    Returns:
        What came of it.

    Raises:
        ConversionError: If the process ended without an answer, with the last it said.
    """
    # Whatever a user's own Keras runs on: what is compared with the SavedModel runs on TensorFlow.
    environment = {"KERAS_BACKEND": "tensorflow", "TMPDIR": str(workspace)}
    with child(worker.__name__, environment, stderr=subprocess.PIPE) as process:
        send(process, task.model_dump_json())
        output, said = process.communicate()
    if process.returncode != 0 or not output:
        raise ConversionError(
            f"Conversion of '{task.model_dir}' to {task.format} ended before it was done: expected"
            f" exit status 0, found {process.returncode} ({last_line(said)}). Free some memory"
            " and try again, or leave this format out."
        )
    if logging.get_verbosity() >= logging.INFO:
        sys.stderr.write(said)
    return Converted.model_validate_json(output)
