"""The stages of an evaluation, composed."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter import processes, temporary
from exporter.errors import EvaluationError, ExportError
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.installing import pip_install
from exporter.progress import Progress, silent
from exporter.protobufs import check_is_there
from exporter.staging import REPORT, check_target, errors_of, staged

if TYPE_CHECKING:
    from exporter.evaluating.transform import Evaluate
    from exporter.reports.evaluation_record import Evaluation

__all__ = ["EvaluateRequest", "evaluate", "evaluated"]

_PACKAGE = "apache_beam"


def evaluate(request: EvaluateRequest) -> "Evaluate":
    """Makes a transform of Apache Beam that evaluates a model on labelled images.

    Behind the start of a pipeline it reads the request's data; behind a collection of serialized
    `tf.train.Example`s it takes those. Its output has one element, an `Evaluation`. The models
    are looked at when it is put into a pipeline; `evaluated` runs one on this machine.

    Args:
        request: What to evaluate.

    Returns:
        The transform.

    Raises:
        EvaluationError: If Apache Beam is not installed.

    Example:
        >>> from pathlib import Path
        >>> import apache_beam, exporter
        >>> request = exporter.EvaluateRequest(
        ...     Path("model"), data="photos", converted=Path("converted")
        ... )
        >>> def show(evaluation):
        ...     print([model.name for model in evaluation.models])
        >>> with apache_beam.Pipeline(runner="FnApiRunner") as pipeline:
        ...     _ = pipeline | exporter.evaluate(request) | apache_beam.Map(show)
        ['SavedModel', 'tflite']
    """
    check_beam()
    from exporter.evaluating.transform import Evaluate

    return Evaluate(request)


def evaluated(
    request: EvaluateRequest, beam_arguments: Sequence[str] = (), progress: Progress = silent
) -> "Evaluation":
    """Evaluates on all cores of this machine, or wherever Beam's flags say.

    Args:
        request: What to evaluate.
        beam_arguments: Flags of Beam's own, such as `--runner=FlinkRunner`.
        progress: Told how many bytes of the data are done.

    Returns:
        What was found.

    Raises:
        ExporterError: If it cannot be evaluated, or more of the data is bad than may be.
    """
    check_beam()
    check_is_there(request.model_dir, EvaluationError)
    from exporter.bench.rounds import environment
    from exporter.evaluating.evaluate_request import THREADS
    from exporter.evaluating.running import evaluation_steps
    from exporter.reports.evaluation_record import Evaluation

    with temporary.folder() as place:
        given = (request, tuple(beam_arguments), str(place))
        try:
            with processes.session(
                evaluation_steps, *given, environment=environment(THREADS)
            ) as running:
                told = running.hear()
                while not isinstance(told, Evaluation):
                    progress(told.label, told.done, told.total)
                    told = running.ask(None)
        except processes.ProcessEndedError as error:
            raise EvaluationError(
                f"SavedModel '{request.model_dir}' could not be evaluated: {error}."
                f" {error.advice()}"
            ) from error
    told.check_data(request.max_bad)
    return told


def check_beam() -> None:
    """Refuses to go on without Apache Beam.

    Raises:
        EvaluationError: If it is not installed.
    """
    if importlib.util.find_spec(_PACKAGE) is None:
        raise EvaluationError(
            f"Evaluation needs a package that is not installed: expected '{_PACKAGE}'. Run:"
            f" {pip_install('evaluate')}."
        )


def check_report_dir(folder: Path) -> None:
    """Refuses a folder before a long evaluation, not after it.

    Raises:
        ExportError: If something is there that is no report of an evaluation.
    """
    from exporter.reports.evaluation_record import Evaluation

    target = folder.absolute()
    check_target(target, overwrite=True, kind=REPORT)
    there = target / REPORT.marker
    if there.is_file():
        try:
            Evaluation.model_validate_json(there.read_bytes())
        except (OSError, ValueError) as error:
            raise ExportError(
                f"Output '{folder}' is not a report of an evaluation: expected one, found another"
                " report. Choose another --report_dir."
            ) from error


def write_report(found: "Evaluation", folder: Path) -> None:
    """Writes `report.json`, `report.html` and `report.xml`, all in one step.

    Args:
        found: What was found.
        folder: Where they are to appear; a report that is there is replaced.

    Raises:
        ExportError: If they cannot be written.
    """
    from exporter.evaluating.evaluation_junit import junit_of
    from exporter.evaluating.evaluation_page import page_of

    place = folder.absolute()
    with staged(place, overwrite=True, kind=REPORT) as stage, errors_of(place, REPORT):
        (stage.model / "report.json").write_text(found.model_dump_json(indent=1) + "\n", "utf-8")
        (stage.model / "report.html").write_text(page_of(found), "utf-8")
        (stage.model / "report.xml").write_bytes(junit_of(found))
