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


def run_out():
    raise MemoryError


def abort_for_memory():
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  x\n")
    os.abort()


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def seen(name):
    return os.environ.get(name), {"", str(Path.cwd())} & set(sys.path)


def printing():
    sys.stdout.write("a library's remark")
    subprocess.run(["echo", "a child's remark"], check=True)
    return "answer"


def colourful():
    os.write(2, b"\x1b[31mred\r\nslim-export: all is well\n")


def summing(start):
    total = start
    while True:
        total += yield total


def sleeping():
    yield os.getpid()
    signal.pause()


def leaving():
    os.setpgid(0, os.getpgid(os.getppid()))
    yield os.getpid()
    signal.pause()


def holding_on():
    """Leaves a child of its own that keeps its output open."""
    child = subprocess.Popen(["sleep", "60"])
    return child.pid


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    functions = (add, refuse, fail, crash, seen, printing, summing, sleeping, holding_on)
    for function in (*functions, run_out, abort_for_memory, colourful, leaving):
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


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (fail, "Run again with --verbosity=1 for all that it said, and report that, or sit down."),
        (crash, "Free some memory and try again, or sit down."),  # as the system kills
        (run_out, "Free some memory and try again, or sit down."),
        (abort_for_memory, "Free some memory and try again, or sit down."),
    ],
)
def test_memory_is_spoken_of_where_it_ran_out(function, advice):
    with pytest.raises(processes.ProcessEndedError) as caught:
        processes.call(function)
    assert caught.value.advice("sit down") == advice
    assert caught.value.advice() == f"{advice.partition(', or sit')[0]}."


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


@pytest.mark.parametrize("function", [sleeping, leaving])
def test_a_process_is_gone_with_its_session(function):
    with processes.session(function) as session:
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


def test_what_is_shown_of_its_words_does_not_command_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(processes.logging, "get_verbosity", lambda: processes.logging.INFO)
    processes.call(colourful)
    assert capsys.readouterr().err == "\\x1b[31mred\nslim-export: all is well\n"


def test_no_more_than_its_last_words_is_read(monkeypatch):
    monkeypatch.setattr(processes, "_LAST", 10)
    with pytest.raises(processes.ProcessEndedError, match=r"\(of no use\)"):
        processes.call(fail)
