"""Tab completion, as shells ask for it; it answers at once, and so without TensorFlow."""

import os
import shutil
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
sys.argv[0] = "slim-export"
exit = os._exit
def ended(status):
    sys.stdout.write("\\n" + " ".join(sorted({m.split(".")[0] for m in sys.modules})))
    sys.stdout.flush()
    exit(status)
os._exit = ended
from exporter.__main__ import main
main()
"""


@pytest.fixture
def complete(tmp_path):
    """Asks what a line can go on with."""

    def ask(line):
        said = tmp_path / "said"
        asked = {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_SHELL": "bash",
            "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
            "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(:",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(said),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
        }
        command = [sys.executable, "-c", PROGRAM]
        result = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | asked, check=True
        )
        imported = set(result.stdout.splitlines()[-1].split())
        assert "exporter" in imported
        assert not imported & {"tensorflow", "keras", "pydantic", "requests"}
        return said.read_text().split("\013")

    return ask


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("slim-export ex", ["export"]),
        ("slim-export contract c", ["check"]),
        ("slim-export export --va", ["--variant"]),
        ("slim-export verify --allowance=", ["exact", "noise"]),
        ("slim-export export --task=feat", ["feature_vector"]),
        ("slim-export export --variant=toy", ["toy_050_32", "toy_100_32"]),
        ("slim-export convert --format=tflite,on", ["tflite,onnx"]),
        ("slim-export list --json=", ["true", "false"]),
    ],
)
def test_commands_flags_and_values_are_completed(complete, line, offered):
    assert set(offered) <= set(complete(line))
    assert len(complete(line)) <= len(offered) + 1


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(tmp_path):
    """With the line that is to be put into ~/.bashrc."""
    program = tmp_path / "slim-export"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m exporter "$@"\n')
    program.chmod(0o755)
    script = """
eval "$(slim-export completion bash)"
complete -p slim-export | grep -q _python_argcomplete
COMP_LINE="slim-export fe" COMP_POINT=14 COMP_TYPE=9 COMP_WORDS=(slim-export fe) COMP_CWORD=1
_python_argcomplete slim-export fe slim-export
echo "${COMPREPLY[@]}"
"""
    path = f"{tmp_path}:{os.environ['PATH']}"
    command = ["bash", "--norc", "-ec", script]
    result = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PATH": path}, check=False
    )
    assert (result.returncode, result.stdout.strip()) == (0, "fetch"), result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_help_says_how_to_switch_it_on(shell):
    command = [sys.executable, "-m", "exporter", "completion", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"""echo 'eval "$(slim-export completion {shell})"' >> ~/.{shell}rc""" in said
