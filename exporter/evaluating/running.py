"""The process that runs an evaluation, as whoever waits for it sees it: no TensorFlow, no Beam."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter import quiet
from exporter.evaluating.evaluate_request import EvaluateRequest

if TYPE_CHECKING:
    from exporter.reports.evaluation_record import Evaluation

# Of every runtime in a worker: there is a worker for every core.
THREADS = 1


@dataclass(frozen=True)
class Step:
    """How far the evaluation is.

    Attributes:
        label: What is done.
        done: How much of it.
        total: Out of how much; None where that is not known.
    """

    label: str
    done: int = 0
    total: int | None = None


def evaluated(
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
