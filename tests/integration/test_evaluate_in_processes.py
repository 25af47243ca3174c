"""Evaluations in worker processes: the same numbers, one that dies, one that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support import labelled
from support.command_line import ROOT, fresh_environment

import exporter
from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

pytestmark = [pytest.mark.integration, pytest.mark.published]

IMAGES = 90


@pytest.fixture(scope="module")
def place(tmp_path_factory, shared):
    """Google's own classifier, crops of photographs, and labels that are often its guesses."""
    folder = tmp_path_factory.mktemp("processes")
    (folder / "model").symlink_to(shared / "original/mobilenet_v1_025_128_classification_4")
    encoded = labelled.crops(shared / "photos", IMAGES)
    model = tf.saved_model.load(str(folder / "model"))
    logits = model(tf.constant(labelled.prepared(encoded, (128, 128)))).numpy()
    # Of the first guess and the third, and of no guess.
    order = np.argsort(-logits, axis=1, kind="stable")
    chosen = np.random.RandomState(0).choice([0, 2, 500], size=IMAGES, p=[0.6, 0.2, 0.2])
    labels = order[np.arange(IMAGES), chosen]
    examples = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
    for shards in (1, 7):
        labelled.write_shards(folder / f"{shards}", examples, shards)
    (folder / "expected.json").write_text(json.dumps(labelled.directly(logits, labels)))
    return folder


def flags_of(place, shards):
    return (
        f"--model_dir={place / 'model'}",
        f"--data={place / str(shards) / 'validation-*'}",
        "--image_size=128",
        "--json",
    )


def expected(place):
    top_1, top_5 = json.loads((place / "expected.json").read_text())
    assert 40 < top_1 < top_5 < IMAGES
    return {"images": IMAGES, "top_1": top_1 / IMAGES, "top_5": top_5 / IMAGES}


def numbers(told):
    (model,) = told["models"]
    return {name: model[name] for name in ("images", "top_1", "top_5")}


@pytest.fixture(scope="module")
def told(place, slim_export_process):
    result = slim_export_process("evaluate", *flags_of(place, 7))
    assert result.returncode == 0, result.stderr
    (sentence,) = result.stderr.splitlines()
    assert "are taken with --label_offset=0, as the model has 1001 classes" in sentence
    return json.loads(result.stdout)


def test_workers_give_the_numbers_of_a_direct_computation(place, told):
    assert numbers(told) == expected(place)


@pytest.mark.full
def test_one_worker_and_one_shard_give_the_same(place, told, slim_export_process):
    passed = ("--", "--direct_num_workers=1", "--direct_running_mode=in_memory")
    result = slim_export_process("evaluate", *flags_of(place, 1), *passed)
    assert result.returncode == 0, result.stderr
    other = json.loads(result.stdout)
    other["data"] = told["data"]
    assert other == told


def started(place, temporary, *flags):
    command = [sys.executable, "-m", "exporter", "evaluate", *flags_of(place, 7), *flags]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=fresh_environment({"TMPDIR": str(temporary)}),
    )


def workers(temporary):
    """Returns the processes that have begun to read, by what they leave in their folder."""
    return [path for path in temporary.glob("slim-export-*/*") if path.name.isdigit()]


def wait_for_workers(temporary, process):
    until = time.monotonic() + 120
    while not workers(temporary):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.02)
    return [int(path.name) for path in workers(temporary)]


def lives(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.fixture
def endless(place, tmp_path):
    """Data that takes so long that there is time to kill somebody."""
    shards = sorted((place / "7").iterdir())
    for number in range(210):
        (tmp_path / f"validation-{number:05d}").symlink_to(shards[number % 7])
    return f"--data={tmp_path}/validation-*"


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killed_and_started_again(place, told, endless, tmp_path, slim_export_process, number):
    report = tmp_path / "report"
    process = started(place, tmp_path, endless, f"--report_dir={report}")
    found = wait_for_workers(tmp_path, process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert not report.exists()
    assert not list(tmp_path.glob(".report*"))
    until = time.monotonic() + 30
    while any(map(lives, found)):
        assert time.monotonic() < until, "workers live on"
        time.sleep(0.1)
    for left in tmp_path.glob("slim-export-*"):
        assert number == signal.SIGKILL, left
    if number == signal.SIGKILL:
        result = slim_export_process("evaluate", *flags_of(place, 7), f"--report_dir={report}")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout) == told
        assert {path.name for path in report.iterdir()} == {f"report.{s}" for s in _SUFFIXES}


_SUFFIXES = ("json", "html", "xml")


@pytest.mark.full
def test_a_worker_that_dies_is_told(place, endless, tmp_path):
    """Beam's local runner does not start another; whoever waits must not wait for ever."""
    process = started(place, tmp_path, endless)
    os.kill(wait_for_workers(tmp_path, process)[0], signal.SIGKILL)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    assert errors.count("\n") == 1, errors
    assert "Pipeline was not finished: expected its workers to live" in errors


@pytest.mark.full
def test_the_request_of_python(place, told, tmp_path):
    request = exporter.EvaluateRequest(
        place / "model", str(place / "7/validation-*"), image_size=(128, 128)
    )
    found = labelled.measured(request, tmp_path / "place")
    assert json.loads(found.model_dump_json()) == told
