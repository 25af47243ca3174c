"""Somebody who reads a document and runs what it says, in a clone, with a home of their own."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from support.command_line import ROOT
from support.documents import Block, blocks

# Blocks that are not run, by how they begin, and why.
NOT_RUN = {
    "bash scripts/check": "it is what runs this test",
    "slim-export serve": "it ends when interrupted, as tests/integration/test_serve.py does",
    "import keras, onnxruntime, openvino": "test_converted_files runs each of its lines",
}
# Of what is installed here: the project itself, and what each environment has of its own.
_NOT_TAKEN = re.compile(r"slim_exporter|^pip\b|^__pycache__")
# Seconds; the README's fine-tuning took 81 on two cores.
_LONGEST = 900
# What would be read by commands, and a user has not set.
_OURS = ("SLIM_EXPORT_", "PYTHON", "TF_", "KERAS_", "XDG_", "VIRTUAL_ENV", "CI", "GITHUB_")


def not_run(block):
    """Says why a block is not run; None if it is."""
    return next((why for begin, why in NOT_RUN.items() if block.text.startswith(begin)), None)


@dataclass
class Reader:
    """Runs the blocks of a document in their order; fails where one does.

    Attributes:
        folder: Where they are run.
        environment: The variables.
        stand_ins: What is run in place of what would be downloaded.
        said: What each block that was run printed on standard output.
    """

    folder: Path
    environment: dict
    stand_ins: dict = field(default_factory=dict)
    said: list = field(default_factory=list)

    def read(self, text):
        """Does what all blocks say, and compares what they say is printed."""
        for block in blocks(text):
            if not_run(block) is None:
                (Reader.write if block.file else DOES[block.language])(self, block)
        return self

    def write(self, block):
        """Writes a file."""
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)

    def shell(self, block):
        """Runs commands, of which none may fail."""
        text = block.text
        for downloaded, instead in self.stand_ins.items():
            text = text.replace(downloaded, instead)
        self.run("bash", "-euo", "pipefail", "-c", text)

    def python(self, block):
        """Runs a program."""
        self.run("python", "-c", block.text)

    def workflow(self, block):
        """Runs the steps of a workflow, but for those that others made."""
        for step in re.findall(r"- run: (.*)", block.text):
            self.shell(Block("bash", "", step))

    def compare(self, block):
        """Compares what the last block printed: "..." stands for anything."""
        parts = map(re.escape, block.text.strip().split("..."))
        found = "\n".join(line.rstrip() for line in self.said[-1].strip().splitlines())
        assert re.fullmatch(".*".join(parts), found, re.DOTALL), (block.text, found)

    def run(self, *command):
        """Runs a command; keeps what it prints."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"
        self.said.append(done.stdout)


# What is done with a block of each language.
DOES = {
    "bash": Reader.shell,
    "python": Reader.python,
    "yaml": Reader.workflow,
    "text": Reader.compare,
}


def clone(folder):
    """Makes what `git clone` and `scripts/setup dev` make, of what is here, without downloads.

    Args:
        folder: Where; it must not exist.
    """
    for name in _output("git", "ls-files", "-z").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    packages = venv / "installed_elsewhere"
    packages.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not _NOT_TAKEN.search(path.name):
            (packages / path.name).symlink_to(path)
    (own,) = venv.glob("lib/python*/site-packages")
    (own / "here.pth").write_text(f"{folder}\nimport site; site.addsitedir({str(packages)!r})\n")
    program = venv / "bin/slim-export"
    program.write_text(f"#!{venv}/bin/python\nfrom exporter.__main__ import main\n\nmain()\n")
    program.chmod(0o755)
    state = _output("bash", "-c", "cat pyproject.toml constraints.txt | cksum")
    (venv / "installed").write_text(f"{state}dev,\n")
    return folder


def home(folder, checkout):
    """Makes a home without anything but where git finds `https://HOST`.

    Returns:
        The variables of somebody who lives there, and uses the environment of a clone.
    """
    folder.mkdir()
    host = f'[url "file://{ROOT}"]\n\tinsteadOf = https://HOST/slim-exporter\n'
    (folder / ".gitconfig").write_text(host)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    path = f"{checkout / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(folder), "PATH": path}


def _output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
