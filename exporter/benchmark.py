"""The stages of a benchmark, composed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from exporter import processes
from exporter.bench.candidates import Lineup, check_made_of, of_formats, of_saved_model
from exporter.bench.figures import Benchmark, measurements, this_machine, versions
from exporter.bench.measured_model import MeasuredModel, described
from exporter.bench.peers import check_peers, of_peers
from exporter.bench.rounds import BenchmarkRequest, Race, environment
from exporter.errors import BenchmarkError, reason
from exporter.progress import Progress, silent
from exporter.protobufs import check_is_there
from exporter.staging import write_whole

_T = TypeVar("_T")


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
    converted = of_formats(request.converted) if request.converted else Lineup()
    check_is_there(request.model_dir, BenchmarkError)
    progress("look at the model", 0, None)
    subject = f"SavedModel '{request.model_dir}'"
    given = (request.model_dir, request.image_size, request.input_range)
    model = _looked_at(subject, "", described, *given)
    _check_batches(request, model)
    check_made_of(converted, request.model_dir)
    lineup = of_saved_model(request.model_dir, model) + converted
    if request.peers:
        otherwise = "leave them out of --peer one by one"
        lineup += _looked_at("Peers", otherwise, of_peers, request.peers, model)
    race = Race(model, lineup.candidates, request, progress)
    found = measurements(race.timings())
    return Benchmark(
        model_dir=str(request.model_dir),
        network=f"{model.network[0].name} {model.network[1]}" if model.network else "",
        base=lineup.candidates[0].name,
        rounds=request.rounds,
        measurements=found,
        notes=lineup.notes,
        refused=tuple(race.refused),
        machine=this_machine(),
        versions=versions(name for one in lineup.candidates for name in one.packages),
    )


def _looked_at(what: str, otherwise: str, look: Callable[..., _T], *given: Any) -> _T:
    """Calls a function in a process that ends with it."""
    try:
        return processes.call(look, *given, environment=environment())
    except processes.ProcessEndedError as error:
        advice = error.advice(otherwise)
        raise BenchmarkError(f"{what} could not be looked at: {error}. {advice}") from error


def _check_batches(request: BenchmarkRequest, model: MeasuredModel) -> None:
    wrong = [batch for batch in request.batches if model.batch not in (None, batch)]
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
    from exporter.bench.page import page_of

    page = page_of(found).encode()
    try:
        write_whole(path, page, overwrite=True)
    except OSError as error:
        raise BenchmarkError(
            f"Page '{path}' cannot be written: {reason(error)}. Change --html."
        ) from error
