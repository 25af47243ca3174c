"""Lets all candidates take turns, so that the machine's drift hits all of them alike."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from exporter import processes
from exporter.bench.candidates import Candidate
from exporter.bench.measured_model import MeasuredModel
from exporter.bench.turns import Ran, RunTask, turns
from exporter.errors import BenchmarkError, counted
from exporter.progress import Progress

# What runtimes read when they start; TensorFlow's own settings come too late for some formats.
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")

# Of one candidate before the first round of a batch size: for caches, and runtimes that tune
# themselves.
_WARM_SECONDS, _WARM_CALLS = 0.5, 5
# Of one candidate in one round: short, so that all have their turn under the same conditions.
_ROUND_SECONDS, _ROUND_CALLS = 0.2, 3


@dataclass(frozen=True)
class BenchmarkRequest:
    """What to measure, and how much.

    Attributes:
        model_dir: The SavedModel, whoever made it.
        batches: Examples a call, each in turn.
        threads: Of every runtime, each in turn; None for the runtime's default.
        rounds: How often every candidate has its turn.
        converted: The folder with a folder for each format; None for the SavedModel alone.
        peers: Files of others' ports to measure too, as `exporter.bench.peers` describes them.
        image_size: Height and width at which one is measured that takes images of any size; None
            for those that are usual.
        input_range: Least and largest value of images; None for what the model itself says.
    """

    model_dir: Path
    batches: tuple[int, ...]
    threads: tuple[int | None, ...]
    rounds: int
    converted: Path | None = None
    peers: tuple[Path, ...] = ()
    image_size: tuple[int, int] | None = None
    input_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Timings:
    """What one candidate did at one number of threads and one batch size.

    Attributes:
        candidate: Which.
        threads: None for the runtime's default.
        batch: Examples a call.
        rounds: Seconds of every call, one tuple a round.
        ran: What the last round told beside them.
    """

    candidate: Candidate
    threads: int | None
    batch: int
    rounds: tuple[tuple[float, ...], ...]
    ran: Ran


@dataclass(frozen=True)
class Worker:
    """A process with one candidate.

    Attributes:
        candidate: Which.
        threads: How many it may use; None for its runtime's default.
    """

    candidate: Candidate
    threads: int | None
    _session: processes.Session[Ran]

    def ask(self, asked: RunTask | None) -> Ran:
        """Has calls made, or with None the candidate loaded, and waits for it.

        Raises:
            BenchmarkError: If it failed, or the process has ended; it does nothing more then.
        """
        self._session.tell(asked)
        return self.hear()

    def hear(self) -> Ran:
        """Waits for an answer, of which the first one comes without being asked.

        Raises:
            BenchmarkError: As `ask` does.
        """
        try:
            return self._session.hear()
        except (BenchmarkError, processes.ProcessEndedError) as error:
            raise self.refusal(str(error)) from error

    def refusal(self, reason: str) -> BenchmarkError:
        """Ends the process, and says why."""
        self._session.end()
        advice = {
            "saved_model": "Export or copy the model again",
            "format": "Convert it again, or remove its folder",
            "peer": "Leave it out of --peer, or install another version",
        }
        return BenchmarkError(
            f"Subject '{self.candidate.name}' could not be measured: {reason.rstrip('.')}."
            f" {advice[self.candidate.kind]}."
        )


@contextmanager
def started(candidate: Candidate, model: MeasuredModel, threads: int | None) -> Iterator[Worker]:
    """Starts the process of a candidate, which begins with its imports.

    Args:
        candidate: What to import now, and to load once it is asked for.
        model: What is known of the SavedModel.
        threads: How many it may use; None for its runtime's default.

    Yields:
        The running process, to be heard before it is asked; it is gone afterwards.
    """
    given = (candidate, model, threads)
    with processes.session(turns, *given, environment=environment(threads)) as running:
        yield Worker(candidate, threads, running)


def environment(threads: int | None = None) -> Mapping[str, str]:
    """Returns what the processes find that measure: threads, and what else runtimes read."""
    own = {
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
        # Whatever a user's own Keras runs on: `convert` verified the file on TensorFlow.
        "KERAS_BACKEND": "tensorflow",
    }
    return own if threads is None else own | dict.fromkeys(_THREADS, str(threads))


def threads_named(threads: int | None) -> str:
    """Says a number of threads, for people."""
    return "default threads" if threads is None else counted(threads, "thread")


@dataclass
class Race:
    """All turns of all candidates.

    Attributes:
        model: What is known of the SavedModel.
        candidates: The base first.
        request: How much is measured.
        progress: Told which candidate has its turn.
        refused: Filled with a sentence for each candidate that failed; the others go on.
    """

    model: MeasuredModel
    candidates: Sequence[Candidate]
    request: BenchmarkRequest
    progress: Progress
    refused: list[str] = field(default_factory=list)
    _turns: int = 0

    def timings(self) -> Iterator[Timings]:
        """Runs everything.

        Processes of one number of threads live at the same time, but only one works.

        Yields:
            Every candidate at every batch size and number of threads, the base first.

        Raises:
            BenchmarkError: If the base fails, with which all are compared.
        """
        for threads in self.request.threads:
            with ExitStack() as stack:
                workers = self._opened(threads, stack)
                # The smallest first: the peak of memory is that of all calls up to then.
                for batch in sorted(self.request.batches):
                    self._warm_up(workers, batch)
                    yield from self._run(workers, batch)

    def _opened(self, threads: int | None, stack: ExitStack) -> list[Worker]:
        workers = [
            stack.enter_context(started(candidate, self.model, threads))
            for candidate in self.candidates
        ]
        # All import at once, but only then load, one by one.
        for worker in workers.copy():
            self._turn(workers, worker, "import", worker.hear)
        for worker in workers.copy():
            self._turn(workers, worker, "load", partial(worker.ask, None))
        return workers

    def _warm_up(self, workers: list[Worker], batch: int) -> None:
        task = RunTask(batch=batch, seconds=_WARM_SECONDS, calls=_WARM_CALLS)
        expected: list[Ran] = []
        for worker in workers.copy():
            ran = self._turn(workers, worker, "warm up", partial(worker.ask, task))
            expected += [ran] if ran else []
            if ran and ran.shapes != expected[0].shapes:
                shapes = f"expected outputs {_told(expected[0])}, found {_told(ran)}"
                self._drop(workers, worker, worker.refusal(shapes))

    def _run(self, workers: list[Worker], batch: int) -> Iterator[Timings]:
        task = RunTask(batch=batch, seconds=_ROUND_SECONDS, calls=_ROUND_CALLS)
        done: dict[str, list[Ran]] = {worker.candidate.name: [] for worker in workers}
        for number in range(self.request.rounds):
            # In an order of its own each, so that nobody always follows the same one.
            for worker in Random(number).sample(workers, len(workers)):  # noqa: S311
                label = f"{threads_named(worker.threads)}, batch {batch}"
                ran = self._turn(workers, worker, label, partial(worker.ask, task))
                done[worker.candidate.name] += [ran] if ran else []
        for worker in workers:
            rans = done[worker.candidate.name]
            latencies = tuple(ran.latencies for ran in rans)
            yield Timings(worker.candidate, worker.threads, batch, latencies, rans[-1])

    def _turn(
        self, workers: list[Worker], worker: Worker, label: str, act: Callable[[], Ran]
    ) -> Ran | None:
        """Lets one candidate do something; one that fails leaves the race."""
        steps = len(self.request.batches) * (1 + self.request.rounds) + 2
        total = len(self.request.threads) * len(self.candidates) * steps
        self._turns += 1
        self.progress(f"{label}: {worker.candidate.name}", self._turns, total)
        try:
            return act()
        except BenchmarkError as error:
            self._drop(workers, worker, error)
            return None

    def _drop(self, workers: list[Worker], worker: Worker, error: BenchmarkError) -> None:
        if worker.candidate == self.candidates[0]:
            raise error
        workers.remove(worker)
        if str(error) not in self.refused:
            self.refused.append(str(error))


def _told(ran: Ran) -> str:
    return ", ".join(str(list(shape)) for shape in ran.shapes)
