"""Measures a reference's own float noise, from which allowances are derived.

The same model gives other last bits in float64, on another number of threads,
with or without oneDNN, image by image, with weights that were rounded once
more, or with sums added up term by term. None of them is more right than the
others, so a difference of that size says nothing about a model.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from exporter import processes
from exporter.errors import VerificationError
from exporter.processes import ProcessEndedError
from exporter.verifier.comparison.allowance import OTHERS, Noise
from exporter.verifier.noise.conditions import ENVIRONMENTS, Rerun, rerun
from exporter.verifier.noise.results import Key, Results, results_as_it_is
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Examples
from exporter.verifier.subjects.probes import PROBES
from exporter.verifier.subjects.subject import Subject
from exporter.verifier.subjects.usable_examples import same_inputs, typical_names

# What inference computes has a row an example.
_BY_EXAMPLE = frozenset({"outputs", "end points"})


@dataclass(frozen=True)
class NoiseProcesses:
    """Processes that compute the reference's results under other conditions."""

    _asked: Rerun
    _running: Mapping[str, Callable[[], list[Results]]]

    def measure(self, reference: Subject, examples: Examples) -> Noise:
        """Compares what they found with what the reference gives here.

        Args:
            reference: As it is compared with the model.
            examples: What the processes ran on.

        Returns:
            The largest absolute difference of any condition, by group and name;
            in inference by example too. Examples on which it was not measured
            have the largest of the images, or without images of all.

        Raises:
            VerificationError: If a process failed.
        """
        baseline = results_as_it_is(reference, examples, self._asked.reach)
        rows = typical_names(same_inputs(reference, reference.ways, examples))
        noise = {key: np.zeros(_rows(key, value, rows)) for key, value in baseline.items()}
        for name, results in self._running.items():
            try:
                found = results()
            except ProcessEndedError as error:
                raise VerificationError(
                    f"Noise could not be measured with {name}: {error}. {error.advice()}"
                ) from error
            for other in found:
                _widen(noise, baseline, other)
        return {key: _by_example(values, rows) for key, values in noise.items()}


@contextmanager
def noise_processes(asked: Rerun) -> Iterator[NoiseProcesses]:
    """Starts a process for each condition.

    Args:
        asked: What they run.

    Yields:
        The running processes, which are gone afterwards.
    """
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(processes.beside(rerun, asked, name, environment=environment))
            for name, environment in ENVIRONMENTS.items()
        }
        yield NoiseProcesses(asked, running)


def with_noise(checks: Iterable[Check], noise: Noise) -> list[Check]:
    """Notes in checks what noise the reference itself has there."""
    return [
        check.model_copy(update={"noise": max(noise[key].values())})
        if (key := (check.group, check.name)) in noise
        else check
        for check in checks
    ]


def _widen(noise: dict[Key, np.ndarray], baseline: Results, other: Results) -> None:
    for key, value in other.items():
        if key in baseline and baseline[key].shape == value.shape:
            gaps = np.abs(value.astype(np.float64) - baseline[key].astype(np.float64))
            # What is not finite under one of the conditions has no noise to speak of.
            rows = np.where(np.isfinite(gaps), gaps, 0).reshape(len(noise[key]), -1)
            noise[key] = np.maximum(noise[key], rows.max(axis=1, initial=0.0))


def _rows(key: Key, value: np.ndarray, names: tuple[str, ...]) -> int:
    """Counts the rows that are examples: of what inference computes from each of them."""
    by_example = key[0] in _BY_EXAMPLE and value.shape[:1] == (len(names),)
    return len(names) if by_example else 1


def _by_example(values: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    if len(values) == 1:
        return {OTHERS: float(values[0])}
    found = dict(zip(names, values.tolist(), strict=True))
    images = [value for name, value in found.items() if name not in PROBES]
    return {**found, OTHERS: max(images or found.values())}
