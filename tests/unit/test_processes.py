"""Functions and generators in other processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exporter import processes
from exporter.errors import ConversionError


def add(one, other):
    return one + other


def refuse(why):
    raise ConversionError(why)


def fail():
    sys.stdout.write("to standard output")
    raise ZeroDivisionError("of no use")


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def seen(name):
    return os.environ.get(name), {"", str(Path.cwd())} & set(sys.path)


def printing():
    sys.stdout.write("a library's remark")
    subprocess.run(["echo", "a child's remark"], check=True)
    return "answer"


def summing(start):
    total = start
    while True:
        total += yield total


def sleeping():
    yield os.getpid()
    signal.pause()


def holding_on():
    """Leaves a child of its own that keeps its output open."""
    child = subprocess.Popen(["sleep", "60"])
    return child.pid


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    for function in (add, refuse, fail, crash, seen, printing, summing, sleeping, holding_on):
        monkeypatch.setattr(function, "__module__", "test_processes")


def test_a_function_gets_its_arguments_and_gives_its_result():
    assert processes.call(add, [1], [2]) == [1, 2]


def test_two_functions_run_beside_each_other():
    with processes.beside(add, 1, 2) as one, processes.beside(add, 3, 4) as other:
        assert (other(), one()) == (7, 3)


def test_a_refusal_arrives_as_it_was_raised():
    with pytest.raises(ConversionError, match=r"^no such thing$"):
        processes.call(refuse, "no such thing")


@pytest.mark.parametrize(
    ("function", "status", "words"),
    [(fail, 1, "ZeroDivisionError: of no use"), (crash, -9, "no message")],
)
def test_a_process_that_ends_early_leaves_its_last_words(function, status, words):
    with pytest.raises(processes.ProcessEndedError) as caught:
        processes.call(function)
    assert str(caught.value) == (
        f"expected an answer, found that its process ended with status {status} ({words})"
    )


def test_the_environment_is_changed_for_it_alone(monkeypatch):
    monkeypatch.setenv("GIVEN", "here")
    assert processes.call(seen, "GIVEN")[0] == "here"
    assert processes.call(seen, "GIVEN", environment={"GIVEN": "there"})[0] == "there"
    assert processes.call(seen, "GIVEN", environment={"GIVEN": None})[0] is None
    assert os.environ["GIVEN"] == "here"


def test_the_current_folder_is_not_on_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert processes.call(seen, "GIVEN")[1] == set()


def test_what_is_printed_is_no_answer():
    assert processes.call(printing) == "answer"


def test_a_session_keeps_what_it_has(monkeypatch):
    with processes.session(summing, 10) as session:
        assert session.hear() == 10
        assert [session.ask(value) for value in (1, 2)] == [11, 13]


def must_end(process):
    """Waits until a process has ended, and fails if it lives on."""
    for _ in range(400):
        if Path(f"/proc/{process}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail(f"process {process} lives on")


def test_a_process_is_gone_with_its_session():
    with processes.session(sleeping) as session:
        process = session.hear()
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_process_that_ran_beside_ends_with_its_answer():
    with processes.beside(os.getpid) as result:
        process = result()
        must_end(process)


def test_an_ended_session_says_so():
    with processes.session(summing, 0) as session:
        session.hear()
        session.end()
        with pytest.raises(processes.ProcessEndedError, match="status -9"):
            session.ask(1)


def test_what_takes_too_long_is_ended():
    assert processes.call(add, 2, 3, timeout=60) == 5
    with pytest.raises(processes.ProcessEndedError, match=r"it took more than 0\.3 seconds"):
        processes.call(time.sleep, 60, timeout=0.3)


def test_functions_run_in_this_process_as_well():
    session = summing(10)
    assert next(session) == 10
    assert session.send(5) == 15


def test_large_values_go_both_ways():
    large = b"x" * 5_000_000
    assert processes.call(add, large, large) == large + large


def test_what_a_process_started_is_gone_with_it():
    grandchild = processes.call(holding_on)
    must_end(grandchild)


def test_last_words_are_told_also_where_all_words_are_shown(monkeypatch, capsys):
    monkeypatch.setattr(processes.logging, "get_verbosity", lambda: processes.logging.INFO)
    with pytest.raises(processes.ProcessEndedError, match=r"\(ZeroDivisionError: of no use\)"):
        processes.call(fail)
    assert "Traceback" in capsys.readouterr().err
