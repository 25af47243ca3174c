"""Every test is collected, and what is left for `--full` is counted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import suite

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent


def test_every_file_of_tests_is_collected(request):
    """Of the folders that pytest was asked for; those of the whole suite, if for nothing."""
    config = request.config
    if config.option.lf or config.option.ignore or config.option.ignore_glob:
        pytest.skip("pytest was asked to leave out files")
    asked = [Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args]
    there = {
        path.resolve()
        for place in asked
        for path in ([place] if place.is_file() else place.rglob("*.py"))
        if re.search(r"^\s*(async )?def test_", path.read_text(), re.MULTILINE)
    }
    assert there
    assert config.stash[suite.COLLECTED] == there
    assert all(TESTS in path.parents and path.name.startswith("test_") for path in there)


def run_pytest(folder, *flags):
    """Runs a copy of this suite's settings over one file of three tests."""
    (folder / "test_three.py").write_text(
        "import pytest\n"
        "def test_one(): pass\n"
        "@pytest.mark.full\n"
        "def test_two(): pass\n"
        "@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.full)])\n"
        "def test_three(n): pass\n"
    )
    flags = ("-p", "no:cacheprovider", f"--config-file={ROOT / 'pyproject.toml'}", *flags)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", *flags, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("workers", [(), ("--numprocesses=2", "--dist=loadgroup")])
def test_what_is_left_for_full_is_counted(tmp_path, monkeypatch, workers):
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}:{ROOT}")
    said = run_pytest(tmp_path, *workers)
    assert "2 passed" in said
    assert "2 tests were left for --full." in said


def test_full_leaves_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}:{ROOT}")
    said = run_pytest(tmp_path, "--full")
    assert "4 passed" in said
    assert "left for --full" not in said


def test_markers_are_those_of_the_project(tmp_path, monkeypatch):
    """A mark that is misspelt, such as `ful`, must not let a test run or rest by chance."""
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}:{ROOT}")
    (tmp_path / "test_other.py").write_text(
        "import pytest\n@pytest.mark.ful\ndef test_it(): pass\n"
    )
    with pytest.raises(AssertionError, match="'ful' not found in `markers`"):
        run_pytest(tmp_path)


@pytest.mark.parametrize(
    ("mark", "fixture"),
    [
        ("@pytest.mark.xdist_group('one')", ""),
        ("", "made_once"),  # by the module, and so by one worker
    ],
)
def test_tests_of_one_group_run_on_one_worker(tmp_path, monkeypatch, mark, fixture):
    """Otherwise what is made once a session would be made by every worker."""
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}:{ROOT}")
    (tmp_path / "test_group.py").write_text(
        "import os, pytest\n"
        "@pytest.fixture(scope='module')\n"
        "def made_once(): pass\n"
        f"{mark}\n"
        "@pytest.mark.parametrize('n', range(4))\n"
        f"def test_it({', '.join(filter(None, (fixture, 'n')))}):\n"
        f"    with open({str(tmp_path / 'workers')!r}, 'a') as file:\n"
        "        file.write(os.environ['PYTEST_XDIST_WORKER'] + '\\n')\n"
    )
    run_pytest(tmp_path, "--numprocesses=2", "--dist=loadgroup")
    workers = (tmp_path / "workers").read_text().split()
    assert (len(workers), len(set(workers))) == (4, 1)
