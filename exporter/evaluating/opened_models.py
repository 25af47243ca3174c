"""All models of an evaluation, opened in their own runtimes once a process."""

import importlib
import threading
import weakref
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

import numpy as np

from exporter import quiet
from exporter.bench import measured_model
from exporter.bench.candidates import Candidate
from exporter.converters.format_table import FORMATS, Runner
from exporter.errors import EvaluationError, reason
from exporter.evaluating.evaluation_plan import EvaluationPlan


class OpenedModels:
    """Models that are ready to be run.

    Attributes:
        broken: Why one could not be opened, by its name.
    """

    def __init__(self, plan: EvaluationPlan) -> None:
        quiet.import_tensorflow()
        self._plan = plan
        self._closing = ExitStack()
        # Not every runtime may be called from two threads at a time.
        self._lock = threading.Lock()
        self._runners: dict[str, Runner] = {}
        self.broken: dict[str, str] = {}
        limit_threads(plan.threads)
        for model in plan.models:
            try:
                opened = self._closing.enter_context(_opened(model, plan.threads))
            except Exception as error:  # noqa: BLE001  (a runtime raises what it likes)
                self.broken[model.name] = reason(error)
            else:
                self._runners[model.name] = opened
        # Workers do not tell when they need them no more.
        weakref.finalize(self, self._closing.close)

    def run(self, name: str, images: np.ndarray) -> np.ndarray:
        """Runs one model.

        Args:
            name: Of the model.
            images: float32 `[batch, height, width, 3]` in the model's range.

        Returns:
            Its output, `[batch, classes or features]`.

        Raises:
            EvaluationError: If it fails, or gives other values than numbers; says no more than why.
        """
        if name in self.broken:
            raise EvaluationError(self.broken[name])
        try:
            with self._lock:
                found = self._runners[name]({self._plan.input: images})
            only = next(iter(found.values())) if len(found) == 1 else found[self._plan.output]
        except Exception as error:  # a runtime raises what it likes
            raise EvaluationError(reason(error)) from error
        values = np.asarray(only)
        if values.shape != (len(images), self._plan.outputs):
            wanted = [len(images), self._plan.outputs]
            raise EvaluationError(f"expected outputs {wanted}, found {list(values.shape)}")
        if not np.isfinite(values).all():
            raise EvaluationError("expected finite outputs, found some that are not")
        return values


def limit_threads(threads: int | None) -> None:
    """Sets TensorFlow's threads before its first use: later, no format could ask for as many.

    Args:
        threads: How many; None for TensorFlow's default.
    """
    threading_of = importlib.import_module("tensorflow").config.threading
    with suppress(RuntimeError):  # it is in use
        if threads is not None:
            threading_of.set_intra_op_parallelism_threads(threads)
            threading_of.set_inter_op_parallelism_threads(threads)


def _opened(model: Candidate, threads: int | None) -> AbstractContextManager[Runner]:
    if model.kind == "saved_model":
        return measured_model.opened(Path(model.path), model.what)
    return FORMATS[model.what].converter.opened(Path(model.path), threads)
