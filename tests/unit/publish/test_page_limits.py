"""What a page's code may not do while it is rehearsed, as Python's auditing tells it."""

import os
import resource
import subprocess
import sys

import pytest

from exporter.releases.page_limits import refuse_other_machines, within

# In a process of its own: hooks stay for as long as a process lives.
PROGRAM = """
import os, shutil, subprocess, sys, tempfile
from pathlib import Path
from exporter.releases.page_limits import limit_files, within
folder = Path(sys.argv[1])
os.chdir(folder)
limit_files()
sys.addaudithook(within(folder))
{body}
"""
ALLOWED = """
Path("file").write_text("x")
Path("below").mkdir()
shutil.copy("file", "below/copy")
os.replace("file", "other")
tempfile.TemporaryFile(dir=".").write(b"x")
open(os.devnull, "w").write("x")
open(sys.executable, "rb").read(1)
shutil.rmtree("below")
print("done")
"""


def ran(folder, body):
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body), folder],
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_allowed(tmp_path):
    result = ran(tmp_path / "own", ALLOWED)
    assert (result.stdout, result.stderr) == ("done\n", "")


@pytest.mark.parametrize(
    "code",
    [
        "open('../x', 'w')",
        "Path('../x').touch()",
        "open('../mine', 'r+')",
        "os.remove('../mine')",
        "os.truncate('../mine', 0)",
        "os.rename('../mine', 'x')",
        "os.rename('x', '../mine')",
        "os.mkdir('../x')",
        "os.symlink('x', '../x')",
        "os.chmod('../mine', 0)",
        "os.symlink('..', 'up'); open('up/mine', 'a')",
        "shutil.rmtree('..')",
    ],
)
def test_other_folders_stay_as_they_are(tmp_path, code):
    (tmp_path / "mine").write_text("mine")
    result = ran(tmp_path / "own", code)
    assert "PermissionError: a rehearsal writes into its own folder, not '/" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "own"]
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    "code",
    [
        "os.system('true')",
        "os.popen('true')",
        "subprocess.run(['true'])",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_no_processes_are_started_or_ended(tmp_path, code):
    result = ran(tmp_path / "own", code)
    assert "PermissionError: a rehearsal starts and ends no processes" in result.stderr


def test_files_have_an_end(tmp_path):
    body = "with open('large', 'wb') as file: file.truncate(2 << 30)"
    assert "OSError: [Errno 27] File too large" in ran(tmp_path / "own", body).stderr
    body = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert ran(tmp_path / "own", body).stdout == f"{(0, 0)}\n"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1 << 30  # of this process


def test_other_events_are_nobodys_business(tmp_path):
    refuse = within(tmp_path)
    refuse("import", ("os", None))
    refuse("open", (3, "w", os.O_WRONLY))
    refuse_other_machines("open", ("x", "w", 0))
    with pytest.raises(ConnectionRefusedError, match=r"does not connect to 192\.0\.2\.1"):
        refuse_other_machines("socket.connect", (None, ("192.0.2.1", 80)))
