"""Runs an evaluation's pipeline, step by step."""

import io
import logging
import os
import queue
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import apache_beam as beam
from absl import logging as absl_logging
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    StandardOptions,
)

from exporter.errors import EvaluationError, ExporterError, InvalidArgumentError, last_line
from exporter.evaluating import data_files, progress_files
from exporter.evaluating.evaluate_request import THREADS, EvaluateRequest
from exporter.evaluating.opened_models import limit_threads
from exporter.evaluating.planning import planned
from exporter.evaluating.progress_files import Step
from exporter.evaluating.transform import EvaluateFiles
from exporter.releases.looked_at import looked_at
from exporter.reports.evaluation_record import Evaluation

# Beam's own for one machine. Its `DirectRunner` is another, which needs a program from elsewhere.
LOCAL_RUNNER = "FnApiRunner"
_POLL = 0.25  # seconds
# Of a worker that has ended until that must have been noticed, if all is well.
_PATIENCE = 15.0  # seconds
_RESULT = "result.json"


def steps(
    request: EvaluateRequest, beam_arguments: Sequence[str], place: str
) -> Generator[Step | Evaluation, None, None]:
    """Evaluates, as `running.evaluated` says.

    Args:
        request: What, and on which images.
        beam_arguments: Flags of Beam's own.
        place: An empty folder.

    Yields:
        How far it is, every time somebody asks; the result at last.

    Raises:
        ExporterError: If something cannot be evaluated.
    """
    if absl_logging.get_verbosity() < absl_logging.INFO:
        logging.getLogger("apache_beam").setLevel(logging.ERROR)
    options = options_of(beam_arguments)
    local = options.view_as(StandardOptions).runner == LOCAL_RUNNER
    yield Step("look at the model")
    limit_threads(THREADS)
    with looked_at(request.model_dir, EvaluationError, trust=request.trust) as digest:
        plan = planned(request, digest)
        if local:
            plan = replace(plan, threads=THREADS, place=place)
        yield Step("look at the data")
        data = data_files.found(request.data)
        running = _Running(beam.Pipeline(options=options), options, Path(place))
        yield Step("evaluate", 0, data.size)
        running.start(EvaluateFiles(plan, data))
        while running.goes_on():
            yield Step("evaluate", min(progress_files.done(Path(place)), data.size), data.size)
        found = running.result()
    yield found


def options_of(beam_arguments: Sequence[str]) -> PipelineOptions:
    """Adds what somebody who says nothing wants: all cores of this machine.

    Args:
        beam_arguments: Flags of Beam's own.

    Raises:
        InvalidArgumentError: If Beam does not take them.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    own = (
        f"--runner={LOCAL_RUNNER}",
        "--direct_running_mode=multi_processing",
        f"--direct_num_workers={cores or 1}",
    )
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            options = PipelineOptions([*own, *beam_arguments])
            known = options.get_all_options()
    except SystemExit as error:
        raise InvalidArgumentError(
            f"Flags behind -- are not Beam's: {last_line(said.getvalue())}. Correct them."
        ) from error
    local = options.view_as(StandardOptions).runner == LOCAL_RUNNER
    names = [argument.lstrip("-").partition("=")[0] for argument in beam_arguments]
    if local and (unknown := [name for name in names if name not in known]):
        raise InvalidArgumentError(
            f"Flag '--{unknown[0]}' behind -- is unknown: expected one of Beam's, with its value"
            " behind a =. Correct it."
        )
    return options


class _Running:
    """A pipeline in a thread of its own, which nobody waits for if it never ends."""

    def __init__(self, pipeline: Any, options: PipelineOptions, place: Path) -> None:
        self._pipeline, self._place = pipeline, place
        # Workers elsewhere cannot write here.
        shared = options.view_as(GoogleCloudOptions).temp_location
        name = f"slim-export-{uuid4().hex}.json"
        self._path = FileSystems.join(shared, name) if shared else str(place / _RESULT)
        self._ended: queue.Queue[Exception | None] = queue.Queue()
        self._lost_since: float | None = None

    def start(self, files: EvaluateFiles) -> None:
        """Begins."""
        # Its refusals are those of the data, and not of the pipeline.
        found = self._pipeline | files
        _ = found | "write" >> beam.Map(_write, self._path)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._pipeline.run().wait_until_finish()
        except Exception as error:  # noqa: BLE001  (runners raise what they like)
            self._ended.put(error)
        else:
            self._ended.put(None)

    def goes_on(self) -> bool:
        """Waits a moment; says whether the pipeline still runs.

        Raises:
            EvaluationError: If it failed, or a worker is gone and nobody seems to notice.
        """
        try:
            error = self._ended.get(timeout=_POLL)
        except queue.Empty:
            self._check_workers()
            return True
        if error is not None:
            raise (self._lost() or _refusal(error)) from error
        return False

    def _check_workers(self) -> None:
        lost = self._lost()
        if lost is None:
            return
        self._lost_since = self._lost_since or time.monotonic()
        if time.monotonic() - self._lost_since > _PATIENCE:
            raise lost

    def _lost(self) -> EvaluationError | None:
        """Says that a worker's process has ended; None if none has."""
        if progress_files.lost(self._place) is None:
            return None
        return EvaluationError(
            "Pipeline was not finished: expected its workers to live, found that a process of one"
            " had ended. Free some memory, or give Beam fewer workers, as by"
            " -- --direct_num_workers=1."
        )

    def result(self) -> Evaluation:
        """Reads what the pipeline wrote."""
        with FileSystems.open(self._path) as file:
            found = Evaluation.model_validate_json(file.read())
        FileSystems.delete([self._path])
        return found


def _write(found: Evaluation, path: str) -> None:
    with FileSystems.create(path) as file:
        file.write(found.model_dump_json().encode())


def _refusal(error: Exception) -> ExporterError:
    if isinstance(error, ExporterError):
        return error
    # What was raised in another process comes as text, with the class before it.
    said = last_line(str(error))
    return EvaluationError(
        f"Pipeline failed: expected its result, found {said.rstrip('.')}. Run again with"
        " --verbosity=1 for Beam's own messages."
    )
