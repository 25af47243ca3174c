"""What the project promises about itself."""

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from support.documents import written

from exporter.oldest_runtimes import OLDEST

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    *(".ci", ".gitignore", "BUILD.md", "LICENSE", "README.md", "checkpoints", "constraints.txt"),
    *("exporter", "pyproject.toml", "scripts", "slim_nets", "tests"),
}


def tracked():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_top_level_is_fixed():
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_files_are_short():
    long = [path for path in tracked() if path.suffix == ".py" and lines(path) > 300]
    assert long == []
    assert [path for path in tracked() if path.parent.name == "scripts" and lines(path) > 50] == []


def lines(path):
    return len(path.read_text().splitlines())


def test_every_class_has_a_name_of_its_own():
    packages = ("exporter", "slim_nets", "checkpoints")
    python = [path for path in tracked() if path.suffix == ".py"]
    ours = [path for path in python if path.relative_to(ROOT).parts[0] in packages]
    bodies = [ast.parse(path.read_text()).body for path in ours]
    names = Counter(node.name for body in bodies for node in body if isinstance(node, ast.ClassDef))
    assert names
    assert [name for name, times in names.items() if times > 1] == []


def test_ci_runs_the_readmes_test_command_and_nothing_else():
    commands = [
        line
        for line in (ROOT / ".ci/run").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert len(commands) == 1
    command = commands[0].removeprefix("exec ")
    assert f"\n{command}\n" in (ROOT / "README.md").read_text()


def test_one_file_names_private_modules():
    pattern = re.compile(r"^\s*(from|import) (tensorflow\.python|tf_keras\.src)", re.MULTILINE)
    python = [path for path in tracked() if path.suffix == ".py"]
    found = [path.relative_to(ROOT) for path in python if pattern.search(path.read_text())]
    # What inlines functions and freezes variables has no public name.
    assert found == [Path("exporter/converters/graphs/frozen_graph.py")]


def test_a_topic_states_the_oldest_tensorflow_that_was_tried():
    text = " ".join(written("fine-tuning").split())
    assert f"The oldest that was tried is {OLDEST.load}, to load" in text
    assert f"and {OLDEST.train} with TensorFlow Hub {OLDEST.hub}, to train" in text
    assert (ROOT / OLDEST.source).is_file()
