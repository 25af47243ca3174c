"""`scripts/setup`, with programs in place of Python and pip that say what was asked of them."""

import os
import shutil
import subprocess

import pytest
from support.command_line import ROOT

# In place of a Python: it has a version, makes environments, and says what it was called with.
PYTHON = """#!/bin/bash
case "$1" in
  --version) echo "Python {version}" ;;
  -c) exit {status} ;;
  -m) echo "$(basename "$0") $*" >> "{log}"
      if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi ;;
esac
"""


@pytest.fixture
def place(tmp_path):
    """A checkout with nothing but what the script reads."""
    (tmp_path / "checkout/scripts").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for name in ("scripts/setup", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    for name in ("bash", "cat", "cksum", "cp", "mkdir", "basename", "dirname"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    return tmp_path


@pytest.fixture
def have(place):
    """Puts a Python on the PATH."""

    def put(name, version, *, works):
        program = place / "bin" / name
        values = {"version": version, "status": 0 if works else 1, "log": place / "log"}
        program.write_text(PYTHON.format(**values))
        program.chmod(0o755)

    return put


@pytest.fixture
def set_up(place):
    """Runs the script; returns its result, and what was asked of Python and pip."""

    def run(*arguments):
        (place / "log").write_text("")
        result = subprocess.run(
            [place / "checkout/scripts/setup", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": str(place / "bin")},
            check=False,
        )
        return result, (place / "log").read_text().splitlines()

    return run


def test_a_user_gets_what_a_user_needs_and_a_developer_the_rest(have, set_up):
    have("python3", "3.12.1", works=True)
    result, (made, installed) = set_up()
    assert result.returncode == 0, result.stderr
    assert made == "python3 -m venv .venv"
    assert installed.endswith(" --editable .")
    assert "--quiet" not in installed
    assert "with Python 3.12.1" in result.stderr
    assert set_up()[1] == []
    result, (_, installed) = set_up("serve")
    assert installed.endswith(" --editable .[serve]")
    assert result.stderr.endswith("checkout, with what serve needs ...\n")
    assert set_up("serve")[1] == []
    assert set_up()[1] == []
    assert set_up("dev")[1][1].endswith(" --editable .[serve,dev]")
    assert [set_up(extra)[1] for extra in ("", "serve", "onnx", "dev")] == [[]] * 4


def test_what_changed_is_installed_anew_with_what_was_there(place, have, set_up):
    have("python3", "3.11.0", works=True)
    set_up("dev")
    with (place / "checkout/constraints.txt").open("a") as file:
        file.write("new==1\n")
    assert set_up()[1][1].endswith(" --editable .[dev]")
    assert set_up()[1] == []


def test_a_newer_python_is_picked_where_there_is_one(have, set_up):
    have("python3", "3.10.13", works=False)
    have("python3.13", "none", works=False)
    have("python3.12", "3.12.1", works=True)
    result, (made, _) = set_up()
    assert result.returncode == 0, result.stderr
    assert made == "python3.12 -m venv .venv"


@pytest.mark.parametrize("there", [True, False])
def test_an_old_python_is_named_before_anything_is_made(place, have, set_up, there):
    if there:
        have("python3", "3.10.13", works=False)
    result, log = set_up()
    assert (result.returncode, log) == (1, [])
    assert result.stderr == (
        "slim-exporter needs Python 3.11, 3.12 or 3.13: found"
        f" {'3.10.13' if there else 'none'}. Install one of them.\n"
    )
    assert not (place / "checkout/.venv").exists()


def test_the_versions_are_those_of_the_project():
    """What the script asks of a Python is what pip asks, and what is tried of TensorFlow."""
    import sys
    import tomllib

    script = (ROOT / "scripts/setup").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert "(3, 11) <= sys.version_info < (3, 14)" in script
    assert (3, 11) <= sys.version_info < (3, 14)
