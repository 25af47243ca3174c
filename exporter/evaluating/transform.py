"""The evaluation as a transform of Apache Beam, for pipelines of one's own too."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.shared import Shared
from apache_beam.utils.windowed_value import WindowedValue

from exporter.errors import EvaluationError
from exporter.evaluating import data_files, progress_files
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.evaluating.evaluation_plan import EvaluationPlan
from exporter.evaluating.evaluator import Evaluator
from exporter.evaluating.labelled_images import (
    Bad,
    LabelledImage,
    images_of_example,
    images_of_piece,
)
from exporter.evaluating.opened_models import OpenedModels
from exporter.evaluating.planning import labels_of_folders, planned
from exporter.evaluating.shares import evaluation_of
from exporter.evaluating.tally import Tally
from exporter.releases.looked_at import looked_at

_Read = Callable[[Any], Iterator[LabelledImage | Bad]]


class Evaluate(beam.PTransform):  # type: ignore[misc]
    """Evaluates the request's data, or serialized `tf.train.Example`s of a pipeline of one's own.

    Its output has one element, an `Evaluation`; whether the data was good enough is to be asked
    of that by `check_data`.
    """

    def __init__(self, request: EvaluateRequest) -> None:
        super().__init__()
        self._request = request

    def expand(self, begin: Any) -> Any:
        """Adds the steps behind the start of a pipeline, or behind a collection of examples."""
        request = self._request
        with looked_at(request.model_dir, EvaluationError, trust=request.trust) as digest:
            plan = planned(request, digest)
        if isinstance(begin, beam.pvalue.PBegin):
            return begin | EvaluateFiles(plan, data_files.found(request.data))
        examples = begin | "ignore windows" >> beam.WindowInto(GlobalWindows())
        return _measured(examples, plan, images_of_example)


class EvaluateFiles(beam.PTransform):  # type: ignore[misc]
    """Evaluates the files of a plan; its output has one element, an `Evaluation`."""

    def __init__(self, plan: EvaluationPlan, data: data_files.DataFiles) -> None:
        super().__init__()
        self._plan, self._data = plan, data

    def expand(self, begin: Any) -> Any:
        """Adds the steps behind the start of a pipeline."""
        labels, offset = labels_of_folders(self._plan, self._data)
        plan = replace(self._plan, offsets={**self._plan.offsets, "folders": offset})
        # What is spread over the workers are names of files: no image leaves the worker that
        # reads it.
        pieces = begin | "pieces" >> beam.Create(self._data.pieces(labels))
        return _measured(pieces, plan, images_of_piece)


def _measured(elements: Any, plan: EvaluationPlan, read: _Read) -> Any:
    return (
        elements
        | "run the models" >> beam.ParDo(RunModels(plan, read))
        | "add up" >> beam.CombineGlobally(AddUp())
        | "summarize" >> beam.Map(evaluation_of, plan)
    )


class RunModels(beam.DoFn):  # type: ignore[misc]
    """Reads, decodes, runs and counts, all in one worker: what leaves it are counts."""

    def __init__(self, plan: EvaluationPlan, read: _Read) -> None:
        self._plan, self._read = plan, read
        # Of all threads of a process.
        self._shared = Shared()

    def setup(self) -> None:
        """Opens the models, once a process."""
        self._models = self._shared.acquire(lambda: OpenedModels(self._plan))

    def start_bundle(self) -> None:
        """Begins to count."""
        self._evaluator = Evaluator(self._plan, self._models)

    def process(self, element: Any) -> Iterable[Any]:
        """Reads the images of one element; what they come to is told when the bundle ends."""
        for image in self._read(element):
            self._evaluator.add(image)
            if isinstance(image, LabelledImage):
                progress_files.tell(self._plan.place, len(image.encoded))
        return ()

    def finish_bundle(self) -> Iterator[Any]:
        """Yields the counts."""
        self._evaluator.flush()
        window = GlobalWindow()
        yield WindowedValue(self._evaluator.tally, window.max_timestamp(), (window,))


class AddUp(beam.CombineFn):  # type: ignore[misc]
    """Adds counts.

    They are of type Any to Beam, which would store them as rows of a table otherwise.
    """

    def create_accumulator(self) -> Any:
        """Begins with nothing."""
        return Tally()

    def add_input(self, accumulator: Any, element: Any) -> Any:
        """Adds the counts of one bundle."""
        accumulator.add(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """Adds sums."""
        merged = Tally()
        for one in accumulators:
            merged.add(one)
        return merged

    def extract_output(self, accumulator: Any) -> Any:
        """Returns the sum."""
        return accumulator
