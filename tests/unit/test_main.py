"""What is told of every command: how long it took, if that was long."""

import time
from types import SimpleNamespace

import pytest

from exporter.__main__ import _run
from exporter.errors import VerificationError


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command that takes so many seconds, and returns what is told of it."""

    def taking(seconds, command=lambda _: 0, **flags):
        times = iter([100.0, 100.0 + seconds])
        monkeypatch.setattr(time, "monotonic", lambda: next(times))
        status = _run(SimpleNamespace(command=command, **flags))
        monkeypatch.undo()
        return status, capsys.readouterr().out

    return taking


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.5, ""),
        (10.0, ""),
        (10.4, "Took 10 s.\n"),
        (59.7, "Took 1 min 0 s.\n"),
        (83.2, "Took 1 min 23 s.\n"),
        (3723, "Took 62 min 3 s.\n"),
    ],
)
def test_what_took_long_is_told(run, seconds, told):
    assert run(seconds) == (0, told)
    assert run(seconds, lambda _: 1, json=False) == (1, told)


def test_json_stays_json(run):
    assert run(60, json=True) == (0, "")


def test_what_was_refused_has_its_sentence_only(run):
    def refuse(_):
        raise VerificationError("It is none.")

    assert run(60, refuse) == (1, "")
