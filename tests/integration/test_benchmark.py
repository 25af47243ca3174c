"""A benchmark of a small model made by hand, with signatures that must be refused."""

import json
import os
import re
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support import handmade

from exporter import processes, quiet
from exporter.bench import measured_model, rounds
from exporter.bench.candidates import Candidate
from exporter.bench.figures import Benchmark
from exporter.bench.measured_model import MeasuredModel, described
from exporter.bench.turns import RunTask, turns
from exporter.cli import benchmark_command
from exporter.cli.parser import parse
from exporter.errors import BenchmarkError, ExporterError

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

pytestmark = pytest.mark.integration

TIMM = Path(__file__).parents[2] / "scripts/peer_timm.py"
MEASURED = ["SavedModel __call__", "SavedModel serving_default", "SavedModel second", "frozen"]


def save(folder):
    """Saves a model with four signatures beside the default: only one is as it should be."""
    network = handmade.Network()
    call = handmade.hub_call(network)

    def signature(compute, *others):
        images = tf.TensorSpec([None, 8, 8, 3], tf.float32, "inputs")
        return tf.function(compute, input_signature=[images, *others])

    signatures = {
        "serving_default": signature(lambda inputs: {"feature_vector": call(inputs)}),
        "second": signature(lambda inputs: {"other_name": call(inputs)}),
        "wide": signature(lambda inputs: {"feature_vector": tf.tile(call(inputs), [1, 2])}),
        "nan": signature(lambda inputs: {"feature_vector": call(inputs) * float("nan")}),
        "scaled": signature(
            lambda inputs, scale: {"feature_vector": call(inputs) * scale},
            tf.TensorSpec([], tf.float32, "scale"),
        ),
    }
    return handmade.save(folder, network, call=call, signatures=signatures)


def run(*arguments):
    """Runs the command line in this process, whose waiting is done in others."""
    arguments = parse(["slim-export", *map(str, arguments)])
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        status = arguments.command(arguments)
    return SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    save(folder / "model")
    flags = (f"--model_dir={folder / 'model'}", f"--output_dir={folder / 'out'}")
    result = run("convert", "--format=frozen", *flags)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def result(place):
    with pytest.MonkeyPatch.context() as patch:
        # What is measured of so small a model means nothing, however long it takes.
        patch.setattr(rounds, "_WARM_SECONDS", 0.05)
        patch.setattr(rounds, "_ROUND_SECONDS", 0.02)
        return run(
            "benchmark",
            f"--model_dir={place / 'model'}",
            f"--converted={place / 'out'}",
            *("--batch=3,1", "--threads=1", "--rounds=3", f"--peer={TIMM}", "--json"),
            f"--html={place / 'page.html'}",
        )


@pytest.fixture(scope="module")
def found(result):
    return Benchmark.model_validate(json.loads(result.stdout))


def test_all_are_measured_at_all_batch_sizes(found):
    rows = [(row.batch, row.subject) for row in found.measurements]
    assert rows == [(batch, name) for batch in (1, 3) for name in MEASURED]
    assert found.base == MEASURED[0]
    assert found.rounds == 3
    assert "tensorflow" in found.versions


def test_figures_are_there_and_ratios_are_consistent(found):
    for row in found.measurements:
        base = next(b for b in found.measurements if b.batch == row.batch)
        assert row.calls >= 9
        assert len(row.round_milliseconds) == 3
        assert 0 < row.milliseconds.low <= row.milliseconds.median <= row.milliseconds.high
        assert row.p50_milliseconds.value == row.milliseconds.median
        assert row.p50_milliseconds.value <= row.p90_milliseconds.value
        assert row.p90_milliseconds.value <= row.p99_milliseconds.value
        assert row.speed.low <= row.speed.median <= row.speed.high
        assert row.speed.median == row.images_per_second.ratio
        assert row.images_per_second.value == pytest.approx(
            1e3 * row.batch / row.milliseconds.median
        )
        for name in ("peak_mib", "grown_mib", "load_seconds", "size_mb"):
            own, other = getattr(row, name), getattr(base, name)
            assert own.value > 0
            assert own.ratio == pytest.approx(own.value / other.value)
        if row is base:
            assert row.speed.low == row.speed.high == row.p90_milliseconds.ratio == 1


def test_what_fails_is_refused_in_one_line_and_stops_no_other(result, found):
    assert result.returncode == 1
    wide = next(line for line in found.refused if "'SavedModel wide'" in line)
    nan = next(line for line in found.refused if "'SavedModel nan'" in line)
    assert "expected outputs [1, 4], found [1, 8]" in wide
    assert "expected finite outputs, found 4 of 4 that are not" in nan
    assert len(found.refused) == 2
    other, peer = found.notes
    assert "signature 'scaled' is left out: it takes other inputs" in other
    assert "does not have this network, which is none of the known ones" in peer
    lines = result.stderr.splitlines()
    assert lines == [f"slim-export: {line}" for line in (*found.notes, *found.refused)]


def test_table_json_and_page_agree(found, place, capsys):
    benchmark_command._print(found)
    table = capsys.readouterr().out.splitlines()
    page = (place / "page.html").read_text()
    shown = re.findall(r'data-subject="(.*?)" data-threads="1" data-batch="(.*?)" data-s', page)
    assert shown == [(row.subject, str(row.batch)) for row in found.measurements]
    assert len(table) > len(found.measurements)
    for row, line in zip(found.measurements, table[1:], strict=False):
        cells = re.split(r"\s{2,}", line)
        assert cells[:3] == [row.subject, "1", str(row.batch)]
        assert cells[3] == f"{row.speed.median:.2f}"
        assert f'data-speed="{row.speed.median}"' in page
        for cell in cells[5:]:
            assert f">{cell}<" in page
    assert "https://" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def task_of(kind, what, path):
    inputs = {"inputs": np.zeros((8, 8, 3), np.float32)}
    model = MeasuredModel(ways=("__call__",), others=(), inputs=inputs)
    return Candidate(what, kind, what, path=str(path)), model, 1


def test_the_model_is_described(place):
    found = described(place / "model")
    assert found.ways[:2] == ("__call__", "signature 'serving_default'")
    assert found.others == ("signature 'scaled'",)
    told = {name: (one.dtype.name, one.shape) for name, one in found.inputs.items()}
    assert told == {"inputs": ("float32", (8, 8, 3))}
    assert (found.batch, found.network) == (None, None)


def test_turns_are_taken_when_they_are_asked_for(place):
    running = turns(*task_of("saved_model", "signature 'second'", place / "model"))
    assert next(running).load == 0
    assert running.send(None).load > 0
    for batch in (2, 3):
        ran = running.send(RunTask(batch=batch, seconds=0, calls=4))
        assert len(ran.latencies) == 4
        assert ran.shapes == ((batch, 4),)
        assert ran.peak > ran.grown


def test_images_are_in_the_models_range(tmp_path):
    own = handmade.serve_images(tmp_path / "own", lambda x: x / 127.5 - 1)
    assert described(own).input_range.ends == (0, 255)
    plain = handmade.serve_images(tmp_path / "plain")
    assert described(plain).input_range.known is None
    seen = []

    @contextmanager
    def opened(folder, way):
        yield lambda inputs: seen.append(inputs["inputs"]) or {"": np.zeros(1)}

    model = described(plain, input_range=(-1, 1))
    candidate = Candidate("plain", "saved_model", model.ways[0], path=str(plain))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measured_model, "opened", opened)
        running = turns(candidate, model, 1)
        next(running)
        running.send(None)
        running.send(RunTask(batch=2, seconds=0, calls=1))
    assert -1 <= seen[0].min() < -0.9
    assert 0.9 < seen[0].max() <= 1


def test_files_that_do_not_load_are_refused(tmp_path):
    damaged = tmp_path / "frozen.pb"
    damaged.write_bytes(b"no graph")
    task = task_of("format", "frozen", damaged)
    with rounds.started(*task) as worker:
        worker.hear()
        with pytest.raises(BenchmarkError) as refusal:
            worker.ask(None)
    assert str(refusal.value).startswith("Subject 'frozen' could not be measured: ")
    assert str(refusal.value).endswith(". Convert it again, or remove its folder.")
    assert "\n" not in str(refusal.value)


def test_batches_that_do_not_fit_are_refused(place):
    candidate, model, threads = task_of("format", "frozen", place / "out/frozen/frozen.pb")
    wrong = {"inputs": np.zeros((8, 8, 4), np.float32)}
    running = turns(candidate, replace(model, inputs=wrong), threads)
    next(running)
    assert running.send(None).load > 0
    with pytest.raises(BenchmarkError) as refusal:
        running.send(RunTask(batch=1, seconds=0, calls=1))
    assert "\n" not in str(refusal.value)


def from_module(name):
    """Makes what stands for a function of a module that is looked for where it is called."""
    return SimpleNamespace(__module__=name, __qualname__="turns")


def test_processes_that_crash_are_told_with_their_last_words(monkeypatch, tmp_path):
    monkeypatch.setattr(rounds, "turns", from_module("no_such_runtime"))
    task = task_of("format", "frozen", tmp_path)
    with rounds.started(*task) as worker, pytest.raises(BenchmarkError) as refusal:
        worker.hear()
    assert str(refusal.value) == (
        "Subject 'frozen' could not be measured: expected an answer, found that its process ended"
        " with status 1 (ModuleNotFoundError: No module named 'no_such_runtime'). Convert it again,"
        " or remove its folder."
    )


def test_last_words_may_be_in_any_encoding(monkeypatch, tmp_path):
    (tmp_path / "latin.py").write_text("import os; os.write(2, b'caf\\xe9'); os._exit(4)")
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setattr(rounds, "turns", from_module("latin"))
    told = pytest.raises(BenchmarkError, match=r"ended with status 4 \(caf\ufffd\)")
    with rounds.started(*task_of("format", "frozen", tmp_path)) as worker, told:
        worker.hear()


def test_what_is_no_saved_model_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "call", lambda function, *given, environment: function(*given))
    with pytest.raises(ExporterError) as refusal:
        run("benchmark", f"--model_dir={tmp_path}", "--batch=1", "--threads=1")
    expected = "is not a SavedModel: expected a folder with saved_model.pb, found nothing"
    assert expected in str(refusal.value)
    assert "\n" not in str(refusal.value)
