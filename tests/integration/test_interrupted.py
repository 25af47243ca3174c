"""Killed, interrupted, terminated and concurrent exports leave the old or the new, whole."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import short_network

from exporter.digests import of_folder

pytestmark = pytest.mark.integration


def start(output_dir, *flags, seed=0):
    command = [sys.executable, "-m", "exporter", "export"]
    command += [f"--variant={short_network.VARIANT}", "--task=feature_vector"]
    command += [f"--checkpoint=seeded:{seed}", f"--output_dir={output_dir}", *flags]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for(condition, process):
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stages(folder):
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def half_written(folder):
    return any((stage / "model" / "saved_model.pb").exists() for stage in stages(folder))


def old_model(folder):
    folder.mkdir()
    (folder / "saved_model.pb").write_text("old")


@pytest.mark.parametrize(
    "signal_number",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.full),
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=pytest.mark.full),
    ],
)
def test_interrupted(tmp_path, signal_number):
    old_model(tmp_path / "m")
    process = start(tmp_path / "m", "--overwrite")
    wait_for(lambda: half_written(tmp_path), process)
    os.killpg(process.pid, signal_number)  # as a terminal does
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal_number
    assert errors == "slim-export: interrupted; nothing is left half-written.\n"
    assert output == ""
    assert os.listdir(tmp_path) == ["m"]
    assert (tmp_path / "m" / "saved_model.pb").read_text() == "old"


def test_killed_and_swept_by_the_next(tmp_path):
    old_model(tmp_path / "m")
    process = start(tmp_path / "m", "--overwrite")
    wait_for(lambda: half_written(tmp_path), process)
    process.kill()
    process.communicate(timeout=60)
    assert os.listdir(tmp_path / "m") == ["saved_model.pb"]
    assert (tmp_path / "m" / "saved_model.pb").read_text() == "old"
    assert len(stages(tmp_path)) == 1
    again = start(tmp_path / "m", "--overwrite", "--verify=false")
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert os.listdir(tmp_path) == ["m"]
    assert (tmp_path / "m" / "variables").is_dir()


def test_verifier_ends_with_a_killed_export(tmp_path):
    process = start(tmp_path / "m")
    wait_for(lambda: half_written(tmp_path), process)
    workers = subprocess.run(
        ["pgrep", "-s", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(workers) == 2
    process.kill()
    process.communicate(timeout=60)  # returns when no one holds the pipe any more
    for worker in workers:
        for _ in range(1200):
            if not os.path.exists(f"/proc/{worker}"):
                break
            time.sleep(0.05)
        else:
            pytest.fail(f"process {worker} lives on")


@pytest.mark.parametrize("flags", [(), pytest.param(("--overwrite",), marks=pytest.mark.full)])
def test_two_at_once(tmp_path, flags):
    """Of different weights, into one folder: what is there is one of them, whole."""
    given = ("--verify=false", "--json", *flags)
    processes = [start(tmp_path / "m", *given, seed=seed) for seed in range(2)]
    results = [process.communicate(timeout=120) for process in processes]
    codes = sorted(process.returncode for process in processes)
    assert codes == ([0, 0] if flags else [0, 1]), results
    digests = [json.loads(output)["digest"] for output, _ in results if output]
    assert of_folder(tmp_path / "m") in digests
    assert len(set(digests)) == len(digests)
    assert os.listdir(tmp_path) == ["m"]
    errors = [e for (_, e), p in zip(results, processes, strict=True) if p.returncode]
    for error in errors:
        assert len(error.splitlines()) == 1
        assert "exists already" in error or "made by another process" in error


def test_user_files_with_names_of_modules_are_not_run(tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('ran it')")
    (tmp_path / "exporter").mkdir()
    (tmp_path / "exporter" / "__init__.py").write_text("raise SystemExit('ran it')")
    command = [str(Path(sys.executable).with_name("slim-export")), "export", "--json"]
    command += [f"--variant={short_network.VARIANT}", "--task=feature_vector"]
    command += ["--checkpoint=seeded:0", f"--output_dir={tmp_path / 'm'}"]
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_failed_verification_leaves_nothing(tmp_path):
    """The original is built from other weights than the export, so they differ."""
    program = f"""
import sys
from pathlib import Path
from exporter import exporting as pipeline, quiet
from dataclasses import replace
from exporter.verifier.export_verifier import Verifier
from exporter.sources import Seeded
from slim_nets.registry import variants
prepare = Verifier.prepare
def swapped(self, reference):
    names = dict(reference.subject.stored_names)
    one, two = "Short/Conv/BatchNorm/gamma", "Short/Conv/BatchNorm/beta"
    names[one], names[two] = names[two], names[one]
    subject = replace(reference.subject, stored_names=names)
    prepare(self, replace(reference, subject=subject))
Verifier.prepare = swapped
request = pipeline.ExportRequest(
    variants()[{short_network.VARIANT!r}],
    "feature_vector",
    Seeded(0),
    Path({str(tmp_path / "m")!r}),
)
try:
    pipeline.export(request)
except pipeline.ExportError.__mro__[1] as error:
    print(type(error).__name__, error)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(
        "VerificationError SavedModel differs from the original graph with checkpoint 'seeded:0'"
        " first in weights 'Short/Conv/BatchNorm/gamma': at [0] expected"
    ), result.stdout
    assert os.listdir(tmp_path) == []
