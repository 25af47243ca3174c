"""What people are told to run where a package is missing, which works as they have installed."""

import json
import re
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from support.command_line import ROOT

from exporter import installing


@pytest.mark.parametrize(
    ("came_from", "named"),
    [
        ({"url": "file:///a/b", "dir_info": {"editable": True}}, "--editable '/a/b[serve]'"),
        ({"url": "file:///a/b", "dir_info": {}}, "'slim-exporter[serve] @ file:///a/b'"),
        (
            {"url": "file:///a/s.whl", "archive_info": {}},
            "'slim-exporter[serve] @ file:///a/s.whl'",
        ),
        (
            {"url": "https://host/s", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "'slim-exporter[serve] @ git+https://host/s@abc'",
        ),
        (None, "'slim-exporter[serve]'"),  # from an index, once one has it
    ],
)
def test_it_is_the_way_in_which_this_was_installed(monkeypatch, came_from, named):
    text = came_from and json.dumps(came_from)
    told = SimpleNamespace(read_text=lambda _: text)
    monkeypatch.setattr(metadata, "distribution", lambda _: told)
    assert installing.pip_install("serve").endswith(f" install {named}")


def test_a_checkout_that_is_not_installed(monkeypatch):
    def missing(_):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "distribution", missing)
    assert installing.pip_install("serve").endswith(f"--editable '{ROOT}[serve]'")


def test_it_is_the_pip_of_this_python(monkeypatch, tmp_path):
    for name in ("pip", "python"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert installing.pip_install("serve").startswith("pip install ")
    monkeypatch.setattr(sys, "executable", "/elsewhere/python")
    assert installing.pip_install("serve").startswith(f"{sys.executable} -m pip install ")


def test_nothing_else_says_how():
    """No index has it: what is said elsewhere would be wrong, or become so."""
    says = re.compile(r"pip install ['\"]?slim[-_]exporter(?!_|-\d| @)")
    files = [ROOT / "README.md", *(ROOT / "exporter").rglob("*.*")]
    texts = [path for path in files if path.suffix in (".md", ".py", ".j2", ".toml")]
    assert [path for path in texts if says.search(path.read_text())] == []
