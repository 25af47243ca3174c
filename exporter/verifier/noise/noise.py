"""Measures a reference's own float noise, from which allowances are derived.

The same model gives other last bits in float64, on another number of threads,
with or without oneDNN, image by image, with weights that were rounded once
more, or with means added up pixel by pixel. None of them is more right than the
others, so a difference of that size says nothing about a model.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from exporter import temporary
from exporter.errors import VerificationError, last_line
from exporter.verifier.child import child, send
from exporter.verifier.comparison.allowance import OTHERS, Noise
from exporter.verifier.noise import conditions
from exporter.verifier.noise.snapshot import Key, Snapshot, inference_snapshot, snapshot
from exporter.verifier.report.records import Group
from exporter.verifier.report.request import SnapshotRequest, Source
from exporter.verifier.subjects.examples import PROBES, Examples
from exporter.verifier.subjects.subject import Subject

# What inference computes has a row an example.
_BY_EXAMPLE = frozenset({"outputs", "end points"})

# Which of these TensorFlow does by itself depends on the processor.
_WITH_MORE = "one thread, oneDNN on"

# What TensorFlow reads when it is imported, so each needs a process of its own.
_ENVIRONMENTS: Mapping[str, dict[str, str]] = {
    _WITH_MORE: {
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "1",
    },
    "oneDNN off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}
CONDITIONS = (*_ENVIRONMENTS, *conditions.MORE)


@dataclass(frozen=True)
class NoiseProcesses:
    """Processes that compute the reference's results under other conditions."""

    _running: Mapping[str, subprocess.Popen[str]]
    _folder: Path
    _inference: bool

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
        take = inference_snapshot if self._inference else snapshot
        baseline = take(reference, examples)
        rows = examples.typical().names
        noise = {key: np.zeros(_rows(key, value, rows)) for key, value in baseline.items()}
        for name, process in self._running.items():
            _, said = process.communicate()
            if process.returncode:
                raise VerificationError(
                    f"Noise could not be measured with {name}: expected exit status 0, found"
                    f" {process.returncode} ({last_line(said)})."
                    " Free some memory and try again."
                )
            for other in _read(self._folder / f"{name}.npz"):
                _widen(noise, baseline, other)
        return {key: _by_example(values, rows) for key, values in noise.items()}


@contextmanager
def noise_processes(
    source: Source, images: tuple[Path, ...], *, inference: bool = False
) -> Iterator[NoiseProcesses]:
    """Starts a process for each condition.

    Args:
        source: The reference.
        images: Files, of which the first are used.
        inference: Whether to leave training mode and gradients out.

    Yields:
        The running processes, which are gone afterwards.
    """
    with temporary.folder() as folder, ExitStack() as stack:
        running = {}
        for name, environment in _ENVIRONMENTS.items():
            started = child(conditions.__name__, environment, stderr=subprocess.PIPE)
            running[name] = stack.enter_context(started)
            request = SnapshotRequest(
                source=source,
                images=tuple(str(path.absolute()) for path in images),
                target=str(folder / f"{name}.npz"),
                more=name == _WITH_MORE,
                inference=inference,
            )
            send(running[name], request.model_dump_json())
        yield NoiseProcesses(running, folder, inference)


def _read(path: Path) -> Iterator[Snapshot]:
    """Reads what a process wrote, one snapshot a condition."""
    groups = {group: group for group in get_args(Group)}
    found: dict[str, Snapshot] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            condition, group, name = key.split("|", 2)
            found.setdefault(condition, {})[groups[group], name] = arrays[key]
    yield from found.values()


def _widen(noise: dict[Key, np.ndarray], baseline: Snapshot, other: Snapshot) -> None:
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
