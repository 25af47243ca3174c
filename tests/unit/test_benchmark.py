"""Figures and ratios of a benchmark, what is measured, and what is refused before it begins."""

import argparse
import json
import random
import statistics
import subprocess
import sys

import numpy as np
import pytest

from exporter import digests
from exporter.bench import memory, processes, subjects
from exporter.bench.page import figure, html, rounded
from exporter.bench.record import Benchmark, Figure, Machine, measurements
from exporter.bench.request import Input, Model, Ran, Subject
from exporter.bench.rounds import Plan, Sample
from exporter.bench.statistics import percentile, speeds, spread
from exporter.bench.worker import batched
from exporter.benchmark import BenchmarkRequest, benchmark, check_page
from exporter.cli import benchmark_command
from exporter.errors import BenchmarkError, InvalidArgumentError
from slim_nets.registry import variants

SMALL = Model(
    ways=("__call__",),
    others=(),
    inputs=(Input(name="inputs", dtype="float32", shape=(224, 224, 3)),),
    variant=variants()["mobilenet_v3_small_075_224"],
    task="feature_vector",
)


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


def sample(name, rounds, *, threads=1, batch=1, size=100, **ran):
    subject = Subject(name=name, kind="saved_model", what=name, size=size)
    told = Ran(**{"load": 2.0, "peak": 2**30, "grown": 2**20, **ran})
    return Sample(subject, threads, batch, tuple(map(tuple, rounds)), told)


def test_every_figure_stands_beside_its_ratio():
    base = sample("base", [[0.1, 0.1], [0.2, 0.2]], batch=4)
    fast = sample("fast", [[0.05], [0.05]], batch=4, size=50, load=1.0, peak=2**29, grown=2**19)
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
    samples = [
        sample(name, [[seconds * batch / (threads or 4)]], threads=threads, batch=batch)
        for threads in (1, None)
        for batch in (1, 32)
        for name, seconds in (("base", 1.0), ("half", 0.5))
    ]
    assert [row.speed.median for row in measurements(samples)] == [1, 2] * 4


def test_what_the_base_lacks_has_no_ratio():
    base = sample("base", [[1.0]], grown=0)
    peer = sample("peer", [[1.0]], size=None)
    row = measurements([base, peer])[1]
    assert row.grown_mib.ratio is None
    assert row.size_mb is None


def test_page_shows_what_was_refused_and_escapes_it():
    found = Benchmark(
        model_dir="<model>",
        network="",
        base="base",
        rounds=1,
        measurements=measurements([sample("base", [[1.0]]), sample("<b>", [[0.5]])]),
        notes=("a note",),
        refused=("a refusal",),
        machine=Machine(system="s", processor="p", cores=2),
        versions={"tensorflow": "2"},
    )
    page = html(found)
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
    found = parsed("--batch=1, 32,1", "--threads=2,default,0", "--rounds=3", "--peer=timm")
    assert found.plan == Plan((1, 32), (2, None), 3)
    assert found.peers == ("timm",)
    assert parsed().plan == Plan((1, 32), (1, None), 10)


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


def test_all_formats_that_are_there_are_found(tmp_path):
    _, out = written(tmp_path)
    (out / "notes").mkdir()
    (found,) = subjects.of_formats(out).subjects
    assert (found.name, found.kind, found.size) == ("frozen", "format", 5)
    assert found.path == str(out / "frozen/frozen.pb")


def written(folder):
    """Makes what looks like a model and its conversion."""
    model, out = folder / "model", folder / "out"
    for path in (model / "saved_model.pb", out / "frozen/frozen.pb"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"12345")
    said = {
        "digest": digests.of_folder(out / "frozen"),
        "reference_digest": digests.of_folder(model),
    }
    (out / "frozen/report.json").write_text(json.dumps(said))
    return model, out


@pytest.mark.parametrize(
    ("changed", "content", "expected"),
    [
        ("model/saved_model.pb", "other", "was made of another model: expected sha256"),
        ("out/frozen/frozen.pb", "other", "was changed after it was verified: expected sha256"),
        ("out/frozen/report.json", "{}", "has no report: .*, found 'reference_digest'"),
        ("out/frozen/report.json", "[", "has no report"),
        ("out/frozen/report.json", None, "has no report: .*, found No such file"),
    ],
)
def test_what_was_not_made_of_the_model_is_refused(tmp_path, changed, content, expected):
    model, out = written(tmp_path)
    if content is None:
        (tmp_path / changed).unlink()
    else:
        (tmp_path / changed).write_text(content)
    with pytest.raises(BenchmarkError, match=expected):
        subjects.check_made_of(subjects.of_formats(out), model)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], "has no conversions: expected folders named frozen.*, found nothing"),
        (["other/file"], "has no conversions: .*, found other"),
        (["frozen/other.pb"], "is incomplete: expected 'frozen.pb' in it, found other.pb"),
    ],
)
def test_folders_without_conversions_are_refused(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with pytest.raises(BenchmarkError, match=expected):
        subjects.of_formats(tmp_path)


@pytest.mark.parametrize("found", ["no such folder", "a file"])
def test_what_is_no_folder_is_refused_before_anything_starts(tmp_path, found):
    converted = tmp_path / "out"
    if found == "a file":
        converted.touch()
    request = BenchmarkRequest(tmp_path, Plan((1,), (1,), 1), converted)
    with pytest.raises(BenchmarkError, match=f"found {found}. Change --converted"):
        benchmark(request)


def test_unknown_peers_are_refused_before_anything_starts(tmp_path):
    with pytest.raises(BenchmarkError, match="Peer 'torchvision' is unknown: expected keras_app"):
        benchmark(BenchmarkRequest(tmp_path, Plan((1,), (1,), 1), peers=("torchvision",)))


def test_pages_that_cannot_be_written_are_refused(tmp_path):
    check_page(tmp_path / "page.html")
    with pytest.raises(BenchmarkError, match="found a folder"):
        check_page(tmp_path)
    with pytest.raises(BenchmarkError, match="found no folder for it"):
        check_page(tmp_path / "none/page.html")


def test_peers_that_are_not_there_are_told(monkeypatch):
    names = ["keras_applications", "timm"]
    monkeypatch.setattr(subjects, "missing", lambda peer: [])
    found = [subject.what for subject in subjects.of_peers(names, SMALL).subjects]
    assert found == names
    edge = SMALL.model_copy(update={"variant": variants()["mobilenet_edgetpu_100_224"]})
    keras, timm = subjects.of_peers(names, edge).notes
    assert "does not have this network, mobilenet_edgetpu_100_224." in keras
    assert "does not have this network" in timm
    unknown = SMALL.model_copy(update={"variant": None})
    assert "none of the known ones" in subjects.of_peers(names, unknown).notes[0]
    monkeypatch.setattr(subjects, "missing", lambda peer: list(peer.packages))
    notes = subjects.of_peers(names, SMALL).notes
    assert notes[1].endswith("it is not installed. Run: pip install timm torch.")


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
def test_all_processes_get_the_same_inputs(dtype):
    given = Input(name="x", dtype=dtype, shape=(4, 3))
    (name, one), (_, other) = batched(given, 8), batched(given, 8)
    assert (name, one.shape, one.dtype) == ("x", (8, 4, 3), np.dtype(dtype))
    np.testing.assert_array_equal(one, other)
    assert one.min() >= 0
    assert one.max() <= 1
    assert len(np.unique(one)) > 1


def test_threads_are_told_before_a_runtime_starts(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    told = processes._environment(2)
    assert {told[f"TF_NUM_{kind}OP_THREADS"] for kind in ("INTRA", "INTER")} == {"2"}
    assert told["OMP_NUM_THREADS"] == "2"
    assert "OMP_NUM_THREADS" not in processes._environment(None)


@pytest.mark.parametrize("threads", [1, None])
def test_keras_files_run_on_tensorflow_whatever_the_user_has_set(monkeypatch, threads):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert processes._environment(threads)["KERAS_BACKEND"] == "tensorflow"


def test_memory_is_that_of_children_too():
    command = "import time; held = bytearray(2 ** 28); print(1, flush=True); time.sleep(60)"
    before = memory.peak()
    with subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert memory.peak() - before > 2**27
        process.kill()


def test_memory_grows_with_what_is_held():
    before = memory.peak()
    held = np.ones(8_000_000 + before // 8)
    assert memory.peak() - before > held.nbytes / 2
