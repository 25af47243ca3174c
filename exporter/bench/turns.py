"""What runs in a candidate's own process, and how much time and memory it takes there."""

import gc
import importlib
import re
import resource
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from absl import logging

from exporter import quiet
from exporter.bench import measured_model, peers
from exporter.bench.candidates import Candidate
from exporter.bench.measured_model import MeasuredModel
from exporter.converters.format_table import FORMATS, Runner
from exporter.errors import BenchmarkError, reason

_Load = Callable[[], AbstractContextManager[Runner]]

_SEED = 0
# macOS counts in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024
_MOST = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class RunTask:
    """Asks for calls: one that does not count, then as many as fill the time.

    Attributes:
        batch: Examples a call.
        seconds: How long to go on.
        calls: How many calls there are at least.
    """

    batch: int
    seconds: float
    calls: int


@dataclass(frozen=True)
class Ran:
    """What calls came to; before the first `RunTask`, no calls yet.

    Attributes:
        latencies: Seconds of every call.
        shapes: Of the outputs, in sorted order.
        load: Seconds until the candidate was loaded, without imports.
        peak: Most bytes that the process ever had.
        grown: The same beyond what it had when everything was imported.
    """

    latencies: tuple[float, ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    load: float = 0.0
    peak: int = 0
    grown: int = 0


def turns(
    candidate: Candidate, model: MeasuredModel, threads: int | None
) -> Generator[Ran, RunTask | None, None]:
    """Imports what the candidate needs, loads it when asked, then calls it a task at a time.

    It does nothing between them, so that many of these processes can take turns.

    Args:
        candidate: What is loaded.
        model: What is known of the SavedModel.
        threads: How many it may use; None for its runtime's default.

    Yields:
        An empty `Ran` after the imports, to be answered with None; one with the time of
        loading; then one a task that is sent.

    Raises:
        BenchmarkError: If something fails, whatever it was.
    """
    try:
        yield from _turns(_loader(candidate, model, threads), model)
    except Exception as error:  # a runtime raises what it likes
        if logging.get_verbosity() >= logging.INFO:
            logging.exception("benchmark")
        raise BenchmarkError(reason(error)) from error


def _turns(load: _Load, model: MeasuredModel) -> Generator[Ran, RunTask | None, None]:
    before = peak()
    yield Ran()
    start = time.perf_counter()
    with load() as run:
        loaded = time.perf_counter() - start
        # Python's collector passes over what is loaded, in every runtime alike.
        gc.collect()
        gc.freeze()
        asked = yield Ran(load=loaded)
        while asked is not None:
            values = {name: batched(one, asked.batch) for name, one in model.inputs.items()}
            inputs = {name: model.input_range.of_unit(one) for name, one in values.items()}
            latencies, outputs = _timed(run, inputs, asked)
            most = peak()
            asked = yield Ran(latencies, _shapes(outputs), loaded, most, grown=most - before)


def _loader(candidate: Candidate, model: MeasuredModel, threads: int | None) -> _Load:
    """Imports what the candidate needs, and returns what loads it."""
    if candidate.kind == "format":
        converter = FORMATS[candidate.what].converter
        return partial(converter.opened, Path(candidate.path), threads)
    if candidate.kind == "peer":
        for package in candidate.packages:
            importlib.import_module(package)
        return partial(peers.opened, candidate, model, threads)
    quiet.import_tensorflow()
    # What reads SavedModels, which is imported before the clock and the memory are looked at.
    importlib.import_module("exporter.verifier.subjects.interface")
    return partial(measured_model.opened, Path(candidate.path), candidate.what)


def batched(example: np.ndarray, batch: int) -> np.ndarray:
    """Makes the same values in every process: uniform in [0, 1), or zeros and ones."""
    values = np.random.RandomState(_SEED).random_sample((batch, *example.shape))
    if not np.issubdtype(example.dtype, np.inexact):
        values = np.round(values)
    return values.astype(example.dtype)


def _timed(
    run: Runner, inputs: dict[str, np.ndarray], asked: RunTask
) -> tuple[tuple[float, ...], list[np.ndarray]]:
    """Calls once to be back in the caches, then with the clock."""
    found = run(inputs)
    latencies: list[float] = []
    until = time.perf_counter() + asked.seconds
    while len(latencies) < asked.calls or time.perf_counter() < until:
        start = time.perf_counter()
        found = run(inputs)
        latencies.append(time.perf_counter() - start)
    return tuple(latencies), [np.asarray(found[name]) for name in sorted(found)]


def _shapes(outputs: Sequence[np.ndarray]) -> tuple[tuple[int, ...], ...]:
    """Returns the shapes of the outputs.

    Raises:
        BenchmarkError: If not all values are numbers.
    """
    for values in outputs:
        wrong = int(np.count_nonzero(~np.isfinite(values)))
        if wrong:
            raise BenchmarkError(
                f"expected finite outputs, found {wrong} of {values.size} that are not"
            )
    return tuple(tuple(values.shape) for values in outputs)


def peak(process: str = "self") -> int:
    """Returns the most bytes that a process and its children ever had.

    psutil tells what a process has now, on Linux, and a sampler beside the calls would
    disturb them and miss what is short. The system's own count, `ru_maxrss`, begins with
    what the parent had when it started the process, and leaves out children that still
    run. So it stands in only where there is no `/proc`, for this process alone.

    Args:
        process: Its number; some of its children may be gone meanwhile.
    """
    if not Path("/proc/self/status").is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
    own = _MOST.search(_read(Path("/proc", process, "status")))
    tasks = Path("/proc", process, "task").glob("*/children")
    children = {child for path in tasks for child in _read(path).split()}
    return (int(own[1]) * 1024 if own else 0) + sum(map(peak, children))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
