"""The process in which one subject is loaded and called.

Takes absl's verbosity as its argument, and reads an `OpenTask` to import what
it needs, the same again to load the subject, then a `RunTask` for every turn.
Each is a line of JSON and is answered with a `Ran`. It does nothing between
them, so that many of these processes can take turns.
"""

import gc
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

import numpy as np
from absl import logging

from exporter import quiet
from exporter.bench import memory
from exporter.bench.request import Input, OpenTask, Ran, RunTask
from exporter.converters.format_table import FORMATS, Runner
from exporter.errors import BenchmarkError, reason

_SEED = 0


def main() -> None:
    """Serves until nothing more is asked."""
    logging.set_verbosity(int(sys.argv[1]))
    # Runtimes print as they please; the answers must stand alone.
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for answer in _answers(sys.stdin):
            answers.write(f"{answer.model_dump_json()}\n")
            answers.flush()
    quiet.before_exit()


def _answers(lines: TextIO) -> Iterator[Ran]:
    try:
        yield from _served(lines)
    except Exception as error:  # noqa: BLE001  (a runtime raises what it likes)
        if logging.get_verbosity() >= logging.INFO:
            logging.exception("benchmark")
        yield Ran(error=reason(error))


def _served(lines: TextIO) -> Iterator[Ran]:
    task = OpenTask.model_validate_json(lines.readline())
    load = _loader(task)
    before = memory.peak()
    yield Ran()
    lines.readline()
    start = time.perf_counter()
    with load() as run:
        loaded = time.perf_counter() - start
        # Python's collector passes over what is loaded, in every runtime alike.
        gc.collect()
        gc.freeze()
        yield Ran(load=loaded)
        for line in lines:
            asked = RunTask.model_validate_json(line)
            inputs = [batched(given, asked.batch) for given in task.model.inputs]
            latencies, outputs = _timed(run, dict(inputs), asked)
            most = memory.peak()
            yield Ran(
                latencies=latencies,
                shapes=_shapes(outputs),
                load=loaded,
                peak=most,
                grown=most - before,
            )


def _loader(task: OpenTask) -> Callable[[], AbstractContextManager[Runner]]:
    """Imports what the subject needs, and returns what loads it."""
    what = task.subject.what
    if task.subject.kind == "format":
        converter = FORMATS[what].converter
        return lambda: converter.opened(Path(task.subject.path), task.threads)
    if task.subject.kind == "peer":
        from exporter.bench import peers

        for package in peers.PEERS[what].packages:
            importlib.import_module(package)
        return lambda: peers.opened(task)
    quiet.import_tensorflow()
    from exporter.bench import saved_model

    return lambda: saved_model.opened(task)


def batched(given: Input, batch: int) -> tuple[str, np.ndarray]:
    """Makes the same values in every process: uniform in [0, 1), or zeros and ones."""
    values = np.random.RandomState(_SEED).random_sample((batch, *given.shape))
    if not np.issubdtype(np.dtype(given.dtype), np.inexact):
        values = np.round(values)
    return given.name, values.astype(given.dtype)


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


if __name__ == "__main__":
    main()
