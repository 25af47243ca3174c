"""Packages from the command line: the same bytes anywhere, whole or not at all, rebuilt, used."""

import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import short_network

from exporter.releases.page_code import code_blocks, localized

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
ARGUMENTS = (short_network.VARIANT, "feature_vector")
HANDLE = f"somebody/{short_network.VARIANT}/feature_vector/5"
REAL_ARGUMENTS = ("mobilenet_v3_small_075_224", "feature_vector")
REAL_HANDLE = "google/imagenet/mobilenet_v3_small_075_224/feature_vector/5"


@pytest.fixture(scope="module")
def verified(export, tmp_path_factory):
    """A seeded export, whose report was kept."""
    folder = tmp_path_factory.mktemp("verified") / "model"
    assert export(*ARGUMENTS, "seeded:3", folder)["verification"]["passed"]
    return folder


@pytest.fixture(scope="module")
def package(slim_export):
    def run(model, output, *flags, handle=HANDLE, **options):
        arguments = [f"--model_dir={model}", f"--output_dir={output}", f"--handle={handle}"]
        return slim_export("package", *arguments, *flags, **options)

    return run


@pytest.fixture(scope="module")
def release(package, verified, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packaged") / "release"
    result = package(verified, folder)
    assert (result.returncode, result.stderr) == (0, "")
    return folder


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_signed_and_verified(package, slim_export, verified, release, tmp_path):
    key = tmp_path / "key.pem"
    make = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key]
    subprocess.run(make, check=True, capture_output=True)
    public = ["openssl", "ec", "-in", key, "-pubout", "-out", tmp_path / "key.pub"]
    subprocess.run(public, check=True, capture_output=True)
    result = package(verified, tmp_path / "release", f"--sign_key={key}", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["signed"]
    told = files(tmp_path / "release")
    told.pop("model.sig")
    assert told == files(release)

    flags = [f"--release={tmp_path / 'release'}", f"--verify_key={tmp_path / 'key.pub'}"]
    result = slim_export("verify-release", *flags)
    assert (result.returncode, result.stderr) == (0, "")
    assert "signature  valid" in result.stdout
    with (tmp_path / "release" / "report.html").open("a") as file:
        file.write("!")
    result = slim_export("verify-release", *flags, "--json")
    assert result.returncode == 1
    assert "changed 'report.html'" in result.stderr
    assert result.stderr.count("\n") == 1
    assert json.loads(result.stdout)["problems"][0]["what"] == "report.html"


def test_rebuilt_by_its_own_command(release, verified, slim_export, tmp_path):
    told = json.loads((release / "manifest.json").read_text())
    program, *arguments = shlex.split(told["rebuild"])
    assert program == "slim-export"
    environment = {"PYTHONHASHSEED": "5"}
    result = slim_export(*arguments, "--json", "--verify=false", cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["digest"] == told["model_digest"]
    result = slim_export("package", f"--model_dir={tmp_path / 'model'}", f"--explain={release}")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Nothing differs")


def test_explained(release, small_export, slim_export):
    flags = [f"--model_dir={small_export}", f"--explain={release}", "--json"]
    result = slim_export("package", *flags)
    assert (result.returncode, result.stderr) == (1, "")
    differences = {row["what"]: row["detail"] for row in json.loads(result.stdout)}
    assert differences["weights"].startswith("75 of 75 variables")
    assert set(differences) == {"weights", "description"}


def test_not_verified(package, small_export, tmp_path):
    environment = {"SLIM_EXPORT_CACHE_DIR": str(tmp_path / "cache")}
    result = package(small_export, tmp_path / "release", env=environment)
    assert result.returncode == 1
    assert "has no passed report" in result.stderr
    assert os.listdir(tmp_path) == []


def test_page_runs(release, verified, run_python):
    """What users copy from the page works as it stands there."""
    page = (release / "5.md").read_text()
    blocks = [localized(block, HANDLE, str(verified)) for block in code_blocks(page)]
    shown = "import json\nprint(json.dumps([model.output_shape[1], layer.trainable]))"
    assert run_python("\n".join([*blocks, shown])) == [10, True]


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))


def test_full_disk(package, verified, release, tmp_path):
    shutil.copytree(release, tmp_path / "release")
    result = package(verified, tmp_path / "release", "--overwrite", preexec_fn=limited)
    assert result.returncode == 1
    assert "cannot be written: File too large. Free some space" in result.stderr
    assert result.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["release"]
    assert files(tmp_path / "release") == files(release)


def test_killed(package, verified, release, tmp_path):
    old = tmp_path / "release"
    shutil.copytree(release, old)
    (old / "5.md").write_text("old")
    command = [sys.executable, "-m", "exporter", "package", f"--model_dir={verified}"]
    command += [f"--handle={HANDLE}", f"--output_dir={old}", "--overwrite"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".release.*/model/model.tar.gz")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=60)
    assert (old / "5.md").read_text() == "old"
    result = package(verified, old, "--overwrite")
    assert (result.returncode, result.stderr) == (0, "")
    assert os.listdir(tmp_path) == ["release"]
    assert files(old) == files(release)


def test_the_same_release_anywhere(package, verified, release, tmp_path):
    place = tmp_path / "a folder" / "of another length"
    shutil.copytree(verified, place / "model")
    environment = {"PYTHONHASHSEED": "77"}
    result = package(place / "model", place / "release", env=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert files(place / "release") == files(release)


@pytest.mark.full
@pytest.mark.published
def test_real_weights_give_the_same_release_anywhere(
    export, package, real_export, real_checkpoint, tmp_path
):
    place = tmp_path / "a folder" / "of another length"
    environment = {"PYTHONHASHSEED": "77", "SLIM_EXPORT_CACHE_DIR": str(tmp_path / "cache")}
    export(*REAL_ARGUMENTS, real_checkpoint, place / "model", env=environment)
    one = package(real_export, tmp_path / "release", handle=REAL_HANDLE)
    other = package(place / "model", place / "release", handle=REAL_HANDLE, env=environment)
    assert (one.returncode, other.returncode) == (0, 0), one.stderr + other.stderr
    made = files(tmp_path / "release")
    assert made == files(place / "release")
    told = json.loads(made["manifest.json"])
    assert told["checkpoint"]["name"] == "v3-small_224_0.75_float/ema/model-497500"
    assert "1,026,552 parameters" in made["5.md"].decode()
