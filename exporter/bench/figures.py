"""What a benchmark found, every figure beside its ratio to the base's in the same run."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from itertools import chain
from pathlib import Path

import numpy as np
import pydantic

from exporter.bench.candidates import CandidateKind
from exporter.bench.rounds import Timings
from exporter.converters.format_table import FORMATS, is_installed

_MIB, _MB = 2.0**20, 1e6
_RUNTIMES = ("tensorflow", "keras", "ai-edge-litert", "onnxruntime", "openvino", "jax")

# Latencies of one candidate in seconds, one sequence a round.
Rounds = Sequence[Sequence[float]]


class Spread(pydantic.BaseModel, frozen=True):
    """What lies in the middle.

    Attributes:
        low: First quartile.
        median: Second.
        high: Third.
    """

    low: float
    median: float
    high: float


class Figure(pydantic.BaseModel, frozen=True):
    """One measured number.

    Attributes:
        value: In the unit that the name of the field says.
        ratio: Over the base's; None where the base has none.
    """

    value: float
    ratio: float | None


class Measurement(pydantic.BaseModel, frozen=True):
    """One subject at one batch size and number of threads.

    Attributes:
        subject: Its name.
        kind: Who ran it.
        threads: None for the runtime's default.
        batch: Examples a call.
        calls: How many were timed.
        speed: How many times as fast as the base, found in each round; over all rounds.
        images_per_second: At the median of all calls; its ratio is the speed's median.
        milliseconds: Of all calls.
        p50_milliseconds: Of all calls; like those of the other two, its ratio is
            found in each round and is the median of those.
        p90_milliseconds: The same.
        p99_milliseconds: The same.
        round_milliseconds: Median of each round, in order.
        peak_mib: Most memory that the process ever had, runtime and all.
        grown_mib: The same beyond what it had when everything was imported.
        load_seconds: Until the subject could be called, without imports.
        size_mb: Of its files, in millions of bytes; None if it has none.
    """

    subject: str
    kind: CandidateKind
    threads: int | None
    batch: int
    calls: int
    speed: Spread
    images_per_second: Figure
    milliseconds: Spread
    p50_milliseconds: Figure
    p90_milliseconds: Figure
    p99_milliseconds: Figure
    round_milliseconds: tuple[float, ...]
    peak_mib: Figure
    grown_mib: Figure
    load_seconds: Figure
    size_mb: Figure | None


class Machine(pydantic.BaseModel, frozen=True):
    """Where it was measured.

    Attributes:
        system: Such as "Linux x86_64".
        processor: Its name.
        cores: How many this process may use.
    """

    system: str
    processor: str
    cores: int


class Benchmark(pydantic.BaseModel, frozen=True):
    """Everything that was found.

    Attributes:
        model_dir: The SavedModel.
        network: Which one it was recognized as; empty if none.
        base: The subject that all ratios are to.
        rounds: How often every subject had its turn.
        measurements: By number of threads, batch size, and subject.
        notes: What was asked for and could not be had, a sentence each.
        refused: Subjects that failed, a sentence each.
        machine: Where.
        versions: Of the runtimes that are installed.
    """

    model_dir: str
    network: str
    base: str
    rounds: int
    measurements: tuple[Measurement, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...]
    machine: Machine
    versions: dict[str, str]


def measurements(timings: Iterable[Timings]) -> tuple[Measurement, ...]:
    """Computes figures.

    Args:
        timings: Of every batch size and number of threads the base's first.
    """
    found: list[Measurement] = []
    base: Timings | None = None
    for own in timings:
        if base is None or (own.threads, own.batch) != (base.threads, base.batch):
            base = own
        found.append(_measurement(own, base))
    return tuple(found)


def _measurement(timings: Timings, base: Timings) -> Measurement:
    calls = [1e3 * seconds for seconds in chain.from_iterable(timings.rounds)]
    speed = spread(speeds(base.rounds, timings.rounds))
    own, others = timings.ran, base.ran
    size, base_size = timings.candidate.size, base.candidate.size
    return Measurement(
        subject=timings.candidate.name,
        kind=timings.candidate.kind,
        threads=timings.threads,
        batch=timings.batch,
        calls=len(calls),
        speed=speed,
        images_per_second=Figure(
            value=1e3 * timings.batch / percentile(calls, 50), ratio=speed.median
        ),
        milliseconds=spread(calls),
        p50_milliseconds=_latency(calls, timings.rounds, base.rounds, 50),
        p90_milliseconds=_latency(calls, timings.rounds, base.rounds, 90),
        p99_milliseconds=_latency(calls, timings.rounds, base.rounds, 99),
        round_milliseconds=tuple(1e3 * percentile(seconds, 50) for seconds in timings.rounds),
        peak_mib=_figure(own.peak / _MIB, others.peak / _MIB),
        grown_mib=_figure(own.grown / _MIB, others.grown / _MIB),
        load_seconds=_figure(own.load, others.load),
        size_mb=None if size is None else _figure(size / _MB, (base_size or 0) / _MB),
    )


def _latency(calls: Sequence[float], rounds: Rounds, base: Rounds, share: float) -> Figure:
    # Of the base over the subject's, turned over.
    ratios = speeds(rounds, base, share)
    return Figure(value=percentile(calls, share), ratio=spread(ratios).median)


def _figure(value: float, base: float) -> Figure:
    return Figure(value=value, ratio=value / base if base else None)


def percentile(values: Sequence[float], share: float) -> float:
    """Finds the value below which a share of all lies, in percent; between two, in proportion."""
    return float(np.percentile(values, share))


def spread(values: Sequence[float]) -> Spread:
    """Finds the quartiles."""
    low, median, high = (percentile(values, share) for share in (25, 50, 75))
    return Spread(low=low, median=median, high=high)


def speeds(base: Rounds, candidate: Rounds, share: float = 50) -> list[float]:
    """Says how many times as fast as the base a candidate was in every round.

    Args:
        base: Latencies of the base.
        candidate: The same of a candidate that ran in the same rounds.
        share: Which percentile of a round's latencies is compared; the median as it is.

    Returns:
        One ratio a round: what slowed both down for a while is not in it.
    """
    pairs = zip(base, candidate, strict=True)
    return [percentile(one, share) / percentile(other, share) for one, other in pairs]


def this_machine() -> Machine:
    """Describes where this runs."""
    named = platform.processor()
    cpu = Path("/proc/cpuinfo")
    if cpu.is_file():
        lines = (line.partition(":") for line in cpu.read_text().splitlines())
        named = next((v.strip() for k, _, v in lines if k.strip() == "model name"), named)
    available = getattr(os, "sched_getaffinity", None)
    cores = len(available(0)) if available else os.cpu_count() or 1
    system = f"{platform.system()} {platform.machine()}"
    return Machine(system=system, processor=named, cores=cores)


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Returns the versions of the runtimes and other packages that are installed."""
    found = {}
    for name in dict.fromkeys((*_RUNTIMES, *packages)):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    tfjs = FORMATS["tfjs"]
    return found | (dict(tfjs.fetched) if is_installed(tfjs) else {})
