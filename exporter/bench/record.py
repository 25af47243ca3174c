"""What a benchmark found, every figure beside its ratio to the base's in the same run."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from itertools import chain
from pathlib import Path

import pydantic

from exporter.bench.request import Kind
from exporter.bench.rounds import Sample
from exporter.bench.statistics import Rounds, Spread, percentile, speeds, spread
from exporter.converters.format_table import FORMATS, is_installed

_MIB, _MB = 2.0**20, 1e6
_RUNTIMES = (
    *("tensorflow", "keras", "ai-edge-litert", "onnxruntime", "openvino"),
    *("jax", "timm", "torch"),
)


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
    kind: Kind
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


def measurements(samples: Iterable[Sample]) -> tuple[Measurement, ...]:
    """Computes figures.

    Args:
        samples: Of every batch size and number of threads the base's first.
    """
    found: list[Measurement] = []
    base: Sample | None = None
    for sample in samples:
        if base is None or (sample.threads, sample.batch) != (base.threads, base.batch):
            base = sample
        found.append(_measurement(sample, base))
    return tuple(found)


def _measurement(sample: Sample, base: Sample) -> Measurement:
    calls = [1e3 * seconds for seconds in chain.from_iterable(sample.rounds)]
    speed = spread(speeds(base.rounds, sample.rounds))
    own, others = sample.ran, base.ran
    size, base_size = sample.subject.size, base.subject.size
    return Measurement(
        subject=sample.subject.name,
        kind=sample.subject.kind,
        threads=sample.threads,
        batch=sample.batch,
        calls=len(calls),
        speed=speed,
        images_per_second=Figure(
            value=1e3 * sample.batch / percentile(calls, 50), ratio=speed.median
        ),
        milliseconds=spread(calls),
        p50_milliseconds=_latency(calls, sample.rounds, base.rounds, 50),
        p90_milliseconds=_latency(calls, sample.rounds, base.rounds, 90),
        p99_milliseconds=_latency(calls, sample.rounds, base.rounds, 99),
        round_milliseconds=tuple(1e3 * percentile(seconds, 50) for seconds in sample.rounds),
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


def versions() -> dict[str, str]:
    """Returns the versions of the runtimes that are installed."""
    found = {}
    for name in _RUNTIMES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    tfjs = FORMATS["tfjs"]
    return found | (dict(tfjs.fetched) if is_installed(tfjs) else {})
