"""Lets all subjects take turns, so that the machine's drift hits all of them alike."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random

from exporter.bench.processes import Worker, started
from exporter.bench.request import Model, OpenTask, Ran, RunTask, Subject, threads_named
from exporter.errors import BenchmarkError
from exporter.progress import Progress

# Of one subject before the first round of a batch size: caches, and runtimes that tune themselves.
_WARM_SECONDS, _WARM_CALLS = 0.5, 5
# Of one subject in one round: short, so that all have their turn under the same conditions.
_ROUND_SECONDS, _ROUND_CALLS = 0.2, 3


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        batches: Examples a call, each in turn.
        threads: Of every runtime, each in turn; None for the runtime's default.
        rounds: How often every subject has its turn.
    """

    batches: tuple[int, ...]
    threads: tuple[int | None, ...]
    rounds: int


@dataclass(frozen=True)
class Sample:
    """What one subject did at one number of threads and one batch size.

    Attributes:
        subject: Which.
        threads: None for the runtime's default.
        batch: Examples a call.
        rounds: Seconds of every call, one tuple a round.
        ran: What the last round told beside them.
    """

    subject: Subject
    threads: int | None
    batch: int
    rounds: tuple[tuple[float, ...], ...]
    ran: Ran


@dataclass
class Race:
    """All turns of all subjects.

    Attributes:
        model: What is known of the SavedModel.
        subjects: The base first.
        plan: How much is measured.
        progress: Told which subject has its turn.
        refused: Filled with a sentence for each subject that failed; the others go on.
    """

    model: Model
    subjects: Sequence[Subject]
    plan: Plan
    progress: Progress
    refused: list[str] = field(default_factory=list)
    _turns: int = 0

    def samples(self) -> Iterator[Sample]:
        """Runs everything.

        Processes of one number of threads live at the same time, but only one works.

        Yields:
            Every subject at every batch size and number of threads, the base first.

        Raises:
            BenchmarkError: If the base fails, with which all are compared.
        """
        for threads in self.plan.threads:
            with ExitStack() as stack:
                workers = self._opened(threads, stack)
                # The smallest first: the peak of memory is that of all calls up to then.
                for batch in sorted(self.plan.batches):
                    self._warm_up(workers, batch)
                    yield from self._run(workers, batch)

    def _opened(self, threads: int | None, stack: ExitStack) -> list[Worker]:
        workers: list[Worker] = []
        for subject in self.subjects:
            task = OpenTask(subject=subject, model=self.model, threads=threads)
            workers.append(stack.enter_context(started(task)))
        # All import at once, but only then load, one by one.
        for worker in workers.copy():
            self._turn(workers, worker, "import", worker.hear)
        for worker in workers.copy():
            self._turn(workers, worker, "load", partial(worker.ask, worker.task))
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

    def _run(self, workers: list[Worker], batch: int) -> Iterator[Sample]:
        task = RunTask(batch=batch, seconds=_ROUND_SECONDS, calls=_ROUND_CALLS)
        done: dict[str, list[Ran]] = {worker.task.subject.name: [] for worker in workers}
        for number in range(self.plan.rounds):
            # In an order of its own each, so that nobody always follows the same one.
            for worker in Random(number).sample(workers, len(workers)):  # noqa: S311
                label = f"{threads_named(worker.task.threads)}, batch {batch}"
                ran = self._turn(workers, worker, label, partial(worker.ask, task))
                done[worker.task.subject.name] += [ran] if ran else []
        for worker in workers:
            rans = done[worker.task.subject.name]
            latencies = tuple(ran.latencies for ran in rans)
            yield Sample(worker.task.subject, worker.task.threads, batch, latencies, rans[-1])

    def _turn(
        self, workers: list[Worker], worker: Worker, label: str, act: Callable[[], Ran]
    ) -> Ran | None:
        """Lets one subject do something; one that fails leaves the race."""
        steps = len(self.plan.batches) * (1 + self.plan.rounds) + 2
        total = len(self.plan.threads) * len(self.subjects) * steps
        self._turns += 1
        self.progress(f"{label}: {worker.task.subject.name}", self._turns, total)
        try:
            return act()
        except BenchmarkError as error:
            self._drop(workers, worker, error)
            return None

    def _drop(self, workers: list[Worker], worker: Worker, error: BenchmarkError) -> None:
        if worker.task.subject == self.subjects[0]:
            raise error
        workers.remove(worker)
        if str(error) not in self.refused:
            self.refused.append(str(error))


def _told(ran: Ran) -> str:
    return ", ".join(str(list(shape)) for shape in ran.shapes)
