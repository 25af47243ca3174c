"""What all tests share: the published files, and exports made once a session."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items):
    """Skips what needs the published files where they are missing; in CI they must be there."""
    if SHARED.is_dir() or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("published"):
            item.add_marker(pytest.mark.skip(reason=f"needs the published files in {SHARED}"))


@pytest.fixture(scope="session", autouse=True)
def reports_in_a_cache_of_their_own(tmp_path_factory):
    """What is verified here must not fill the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared():
    return SHARED


@pytest.fixture(scope="session")
def real_checkpoint(shared):
    return shared / "checkpoints/v3-small_224_0.75_float/ema/model-497500"


@pytest.fixture(scope="session")
def published_model(shared):
    return shared / "original/mobilenet_v3_small_075_224_feature_vector_5"


@pytest.fixture(scope="session")
def slim_export():
    """Runs the command line in a fresh process."""

    def run(*arguments, env=None, **options):
        return subprocess.run(
            [sys.executable, "-m", "exporter", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=options.pop("cwd", ROOT),
            env={**os.environ, **(env or {})},
            timeout=options.pop("timeout", 300),
            check=False,
            **options,
        )

    return run


@pytest.fixture(scope="session")
def export(slim_export):
    """Exports, and returns what `--json` says of it."""

    def run(variant, task, checkpoint, output_dir, *flags, **options):
        result = slim_export(
            "export",
            f"--variant={variant}",
            f"--task={task}",
            f"--checkpoint={checkpoint}",
            f"--output_dir={output_dir}",
            "--json",
            *flags,
            **options,
        )
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        return json.loads(result.stdout)

    return run


@pytest.fixture(scope="session")
def real_export(export, real_checkpoint, tmp_path_factory):
    """The export of the real weights, verified."""
    folder = tmp_path_factory.mktemp("real") / "model"
    said = export("mobilenet_v3_small_075_224", "feature_vector", real_checkpoint, folder)
    assert said["verification"]["passed"]
    return folder


@pytest.fixture(scope="session")
def seeded_export(export, tmp_path_factory):
    """A seeded export of the same network, not verified."""
    folder = tmp_path_factory.mktemp("seeded") / "model"
    export("mobilenet_v3_small_075_224", "feature_vector", "seeded:0", folder, "--verify=false")
    return folder


@pytest.fixture(scope="session")
def run_python():
    """Runs a program in a fresh process and returns what it prints as JSON."""

    def run(program, *arguments, env=None):
        result = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(env or {})},
            timeout=600,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.strip().splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def real_conversions(slim_export, real_export, shared, tmp_path_factory):
    """The export of the real weights in every format: their folder, and the tables printed."""
    from support.every_format import convert_all

    folder = tmp_path_factory.mktemp("real_conversions")
    return folder, convert_all(slim_export, real_export, folder, shared)
