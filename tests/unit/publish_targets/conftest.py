"""Releases, and the command in this process."""

import os

import pytest
from support.loopback_hosts.places import SECRET
from support.releases import make_release

from exporter.cli.parser import parse
from exporter.errors import ExporterError

# Read when tqdm is imported, which the command does later than some test.
os.environ["TQDM_DISABLE"] = "1"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home without credentials, and no proxy between the tests and the loopback."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def release(tmp_path):
    return make_release(tmp_path / "release")


@pytest.fixture
def other_release(tmp_path):
    """The same version with another page and model."""
    return make_release(tmp_path / "other", model=4000, page="# Module {handle}\n\nOther.\n")


@pytest.fixture
def publish(capsys):
    """Runs the command; returns what it prints, or raises what it says."""

    def run(release, to, *flags):
        arguments = parse(["slim-export", "publish", f"--release={release}", f"--to={to}", *flags])
        capsys.readouterr()
        assert arguments.command(arguments) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return run


@pytest.fixture
def refused(publish, capsys):
    """Runs the command, which must fail; returns its one line, free of secrets."""

    def run(*arguments):
        with pytest.raises(ExporterError) as caught:
            publish(*arguments)
        printed = capsys.readouterr()
        said = str(caught.value)
        assert "\n" not in said
        assert SECRET not in said + printed.out + printed.err
        return said

    return run
