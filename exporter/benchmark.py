"""The stages of a benchmark, composed."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from exporter.bench.processes import model_of
from exporter.bench.record import Benchmark, measurements, this_machine, versions
from exporter.bench.request import Model
from exporter.bench.rounds import Plan, Race
from exporter.bench.subjects import (
    check_made_of,
    check_peers,
    of_formats,
    of_peers,
    of_saved_model,
)
from exporter.errors import BenchmarkError, reason
from exporter.progress import Progress, silent


@dataclass(frozen=True)
class BenchmarkRequest:
    """What to measure.

    Attributes:
        model_dir: The SavedModel, whoever made it.
        plan: How much.
        converted: The folder with a folder for each format; None for the SavedModel alone.
        peers: Names of others' ports to measure too.
    """

    model_dir: Path
    plan: Plan
    converted: Path | None = None
    peers: tuple[str, ...] = ()


def benchmark(request: BenchmarkRequest, progress: Progress = silent) -> Benchmark:
    """Measures a SavedModel and what it was converted to.

    Args:
        request: What to measure.
        progress: Told what has its turn.

    Returns:
        All figures, with their ratios to the SavedModel's `__call__`, or to its
        default signature if it cannot be called.

    Raises:
        ExporterError: If nothing can be measured, or the SavedModel fails.
    """
    check_peers(request.peers)
    field = of_formats(request.converted) if request.converted else None
    progress("look at the model", 0, None)
    model = model_of(request.model_dir)
    _check_batches(request, model)
    if field is not None:
        check_made_of(field, request.model_dir)
    own = of_saved_model(request.model_dir, model)
    own = own + field if field else own
    own += of_peers(request.peers, model)
    race = Race(model, own.subjects, request.plan, progress)
    found = measurements(race.samples())
    return Benchmark(
        model_dir=str(request.model_dir),
        network=f"{model.variant.name} {model.task}" if model.variant else "",
        base=own.subjects[0].name,
        rounds=request.plan.rounds,
        measurements=found,
        notes=own.notes,
        refused=tuple(race.refused),
        machine=this_machine(),
        versions=versions(),
    )


def _check_batches(request: BenchmarkRequest, model: Model) -> None:
    wrong = [batch for batch in request.plan.batches if model.batch not in (None, batch)]
    if wrong:
        raise BenchmarkError(
            f"SavedModel '{request.model_dir}' takes one batch size only: expected {model.batch},"
            f" found {wrong[0]}. Use --batch={model.batch}."
        )


def check_page(path: Path) -> None:
    """Refuses a page before a long benchmark, not after it.

    Raises:
        BenchmarkError: If it cannot be written there.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        found = "a folder" if path.is_dir() else "no folder for it"
        raise BenchmarkError(
            f"Page '{path}' cannot be written: expected a file in a folder that exists, found"
            f" {found}. Change --html."
        )


def write_page(found: Benchmark, path: Path) -> None:
    """Writes the page, in one step.

    Raises:
        BenchmarkError: If it cannot be written.
    """
    from exporter.bench.page import html

    text = html(found)
    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".page-") as place:
            part = Path(place, "page.html")
            part.write_text(text, "utf-8")
            part.replace(path)
    except OSError as error:
        raise BenchmarkError(
            f"Page '{path}' cannot be written: {reason(error)}. Change --html."
        ) from error
