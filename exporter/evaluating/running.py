"""The process that runs an evaluation, as whoever waits for it sees it: no TensorFlow, no Beam."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from exporter import quiet
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.evaluating.progress_files import Step

if TYPE_CHECKING:
    from exporter.reports.evaluation_record import Evaluation


def evaluation_steps(
    request: EvaluateRequest, beam_arguments: Sequence[str], place: str
) -> "Generator[Step | Evaluation, None, None]":
    """Evaluates.

    Args:
        request: What, and on which images.
        beam_arguments: Flags of Beam's own.
        place: An empty folder.

    Yields:
        How far it is, every time somebody asks; the result at last.

    Raises:
        ExporterError: If something cannot be evaluated.
    """
    yield Step("import TensorFlow")
    quiet.import_tensorflow()
    from exporter.evaluating.pipeline_run import steps

    yield from steps(request, beam_arguments, place)
