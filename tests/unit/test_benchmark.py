"""Figures and ratios of a benchmark, what is measured, and what is refused before it begins."""

import argparse
import random
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from exporter.bench.candidates import Candidate
from exporter.bench.figures import (
    Benchmark,
    Figure,
    Machine,
    measurements,
    percentile,
    speeds,
    spread,
    versions,
)
from exporter.bench.page import figure, page_of, rounded
from exporter.bench.rounds import BenchmarkRequest, Timings, environment
from exporter.bench.turns import Ran, batched, peak
from exporter.benchmark import benchmark, check_page
from exporter.cli import benchmark_command
from exporter.errors import BenchmarkError, InvalidArgumentError


def test_quartiles_and_percentiles_of_a_known_sequence():
    values = random.Random(0).sample(range(101), 101)
    assert spread(values).model_dump() == {"low": 25, "median": 50, "high": 75}
    assert [percentile(values, share) for share in (0, 50, 90, 99, 100)] == [0, 50, 90, 99, 100]
    assert spread([1.0, 2.0]).median == statistics.median([1.0, 2.0])
    assert spread([7.0]).model_dump() == {"low": 7, "median": 7, "high": 7}


def test_ratios_are_found_in_each_round_so_that_drift_cancels_out():
    base = [[2.0, 2.0, 9.0], [20.0, 20.0, 90.0], [200.0, 200.0, 900.0]]
    twice = [[1.0], [10.0, 10.0, 11.0], [100.0]]
    assert speeds(base, twice) == [2.0, 2.0, 2.0]
    # Over all calls together the ratio would be another: rounds have more calls or fewer.
    assert percentile([*base[0], *base[1]], 50) / percentile([*twice[0], *twice[1]], 50) == 1.45
    assert speeds(base, base, 90) == [1.0, 1.0, 1.0]


def test_rounds_of_different_lengths_of_the_race_are_not_compared():
    with pytest.raises(ValueError, match="shorter"):
        speeds([[1.0], [1.0]], [[1.0]])


def timings(name, rounds, *, threads=1, batch=1, size=100, **ran):
    candidate = Candidate(name=name, kind="saved_model", what=name, size=size)
    told = Ran(**{"load": 2.0, "peak": 2**30, "grown": 2**20, **ran})
    return Timings(candidate, threads, batch, tuple(map(tuple, rounds)), told)


def test_every_figure_stands_beside_its_ratio():
    base = timings("base", [[0.1, 0.1], [0.2, 0.2]], batch=4)
    fast = timings("fast", [[0.05], [0.05]], batch=4, size=50, load=1.0, peak=2**29, grown=2**19)
    one, other = measurements([base, fast])
    assert one.speed.median == one.images_per_second.ratio == one.p99_milliseconds.ratio == 1
    assert (other.speed.low, other.speed.median, other.speed.high) == (2.5, 3.0, 3.5)
    assert other.images_per_second.value == pytest.approx(80)
    assert other.images_per_second.ratio == other.speed.median
    assert other.p50_milliseconds.value == pytest.approx(50)
    assert other.p50_milliseconds.ratio == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert other.round_milliseconds == pytest.approx((50, 50))
    assert (other.peak_mib.value, other.peak_mib.ratio) == (512, 0.5)
    assert (other.grown_mib.value, other.load_seconds.ratio, other.size_mb.ratio) == (0.5, 0.5, 0.5)


def test_the_base_is_that_of_the_same_batch_and_threads():
    every = [
        timings(name, [[seconds * batch / (threads or 4)]], threads=threads, batch=batch)
        for threads in (1, None)
        for batch in (1, 32)
        for name, seconds in (("base", 1.0), ("half", 0.5))
    ]
    assert [row.speed.median for row in measurements(every)] == [1, 2] * 4


def test_what_the_base_lacks_has_no_ratio():
    base = timings("base", [[1.0]], grown=0)
    peer = timings("peer", [[1.0]], size=None)
    row = measurements([base, peer])[1]
    assert row.grown_mib.ratio is None
    assert row.size_mb is None


def test_page_shows_what_was_refused_and_escapes_it():
    found = Benchmark(
        model_dir="<model>",
        network="",
        base="base",
        rounds=1,
        measurements=measurements([timings("base", [[1.0]]), timings("<b>", [[0.5]])]),
        notes=("a note",),
        refused=("a refusal",),
        machine=Machine(system="s", processor="p", cores=2),
        versions={"tensorflow": "2"},
    )
    page = page_of(found)
    assert "<b>" not in page
    assert "2.00 (2.00 to 2.00)" in page
    assert ">a note<" in page
    assert ">a refusal<" in page
    assert page.count("<svg") == 4
    assert "<script" not in page


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.01234, "0.012"), (1.2345, "1.23"), (12.345, "12.3"), (1234.5, "1,234"), (0, "0.000")],
)
def test_numbers_have_three_digits(value, expected):
    assert rounded(value) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"), [(12.345, "1.50 (12.35)"), (0.0023, "1.50 (0.002)"), (None, "1.50")]
)
def test_ratios_stand_in_parentheses(ratio, expected):
    assert figure(Figure(value=1.5, ratio=ratio)) == expected


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    benchmark_command.add(parser.add_subparsers())
    return benchmark_command._request(parser.parse_args(["benchmark", "--model_dir=m", *arguments]))


def test_batches_and_threads_are_parsed():
    found = parsed("--batch=1, 32,1", "--threads=2,default,0", "--rounds=3", "--peer=a.py, ~/b.py")
    assert (found.batches, found.threads, found.rounds) == ((1, 32), (2, None), 3)
    assert found.peers == (Path("a.py"), Path.home() / "b.py")
    assert parsed() == BenchmarkRequest(Path("m"), (1, 32), (1, None), 10)
    assert parsed().peers == ()


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("--batch=0", "--batch has '0': expected whole numbers above 0. Change it."),
        ("--batch=1,x", "--batch has 'x'"),
        ("--batch=-1", "--batch has '-1'"),
        ("--batch=1.5", "--batch has '1.5'"),
        ("--batch=²", "--batch has '²'"),
        ("--batch=,", "--batch is empty"),
        ("--threads=-2", "--threads has '-2': expected whole numbers above 0, or 'default'."),
        ("--threads=", "--threads is empty"),
        ("--rounds=0", "--rounds has '0'"),
    ],
)
def test_numbers_that_are_none_are_refused(flag, expected):
    with pytest.raises(InvalidArgumentError) as refusal:
        parsed(flag)
    assert str(refusal.value).startswith(expected)


@pytest.mark.parametrize("found", ["no such folder", "a file"])
def test_what_is_no_folder_is_refused_before_anything_starts(tmp_path, found):
    converted = tmp_path / "out"
    if found == "a file":
        converted.touch()
    request = BenchmarkRequest(tmp_path, (1,), (1,), 1, converted)
    with pytest.raises(BenchmarkError, match=f"found {found}. Change --converted"):
        benchmark(request)


@pytest.mark.parametrize(
    ("name", "found"),
    [("none.py", "no such file"), ("timm", "no such file"), ("notes", "something else")],
)
def test_unknown_peers_are_refused_before_anything_starts(tmp_path, name, found):
    (tmp_path / "notes").touch()
    request = BenchmarkRequest(tmp_path, (1,), (1,), 1, peers=(tmp_path / name,))
    with pytest.raises(BenchmarkError) as refusal:
        benchmark(request)
    assert str(refusal.value) == (
        f"Peer '{tmp_path / name}' cannot be loaded: expected a Python file such as"
        f" scripts/peer_timm.py, found {found}. Change --peer."
    )


def test_pages_that_cannot_be_written_are_refused(tmp_path):
    check_page(tmp_path / "page.html")
    with pytest.raises(BenchmarkError, match="found a folder"):
        check_page(tmp_path)
    with pytest.raises(BenchmarkError, match="found no folder for it"):
        check_page(tmp_path / "none/page.html")


def test_versions_are_those_of_what_is_installed():
    found = versions(["pytest", "no-such-package", "tensorflow"])
    assert found["pytest"] == pytest.__version__
    assert list(found).index("tensorflow") < list(found).index("pytest")
    assert "no-such-package" not in found


def test_the_process_that_waits_has_no_tensorflow():
    command = (
        "import sys, exporter.benchmark, exporter.bench.page; sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", command], check=True)


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
def test_all_processes_get_the_same_inputs(dtype):
    given = np.zeros((4, 3), dtype)
    one, other = batched(given, 8), batched(given, 8)
    assert (one.shape, one.dtype) == ((8, 4, 3), np.dtype(dtype))
    np.testing.assert_array_equal(one, other)
    assert one.min() >= 0
    assert one.max() <= 1
    assert len(np.unique(one)) > 1


def test_threads_are_told_before_a_runtime_starts(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    told = environment(2)
    assert {told[f"TF_NUM_{kind}OP_THREADS"] for kind in ("INTRA", "INTER")} == {"2"}
    assert told["OMP_NUM_THREADS"] == "2"
    assert "OMP_NUM_THREADS" not in environment()


@pytest.mark.parametrize("threads", [1, None])
def test_keras_files_run_on_tensorflow_whatever_the_user_has_set(monkeypatch, threads):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert environment(threads)["KERAS_BACKEND"] == "tensorflow"


def test_memory_is_that_of_children_too():
    command = "import time; held = bytearray(2 ** 28); print(1, flush=True); time.sleep(60)"
    before = peak()
    with subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert peak() - before > 2**27
        process.kill()


def test_memory_grows_with_what_is_held():
    # In a process of its own: this one may have held more before, and its peak would not move.
    command = (
        "from exporter.bench.turns import peak; before = peak(); "
        "held = b'x' * 2**28; print(peak() - before)"
    )
    ran = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True)
    assert 2**27 < int(ran.stdout) < 2**29
