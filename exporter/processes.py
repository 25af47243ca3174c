"""Runs functions in processes of their own: the one way in which this package starts Python.

A converter that crashes takes only its process with it, a runtime finds the
environment that it reads when it is imported, and a second TensorFlow works on
another core. What runs there is an ordinary function, or a generator where
more than one thing is asked in turn; both can be called in this process as well.
"""

import ctypes
import importlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from absl import logging

from exporter import temporary
from exporter.errors import ExporterError, is_of_memory, last_line, printable
from slim_nets.network import NetworkError
from slim_nets.own_networks import own_folders

T = TypeVar("T")
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_LAST = 1 << 16  # bytes of what a process said that its last words are looked for in


class ProcessEndedError(Exception):
    """A process ended before it had answered; the text says how, and its last words.

    Attributes:
        of_memory: Whether it said that memory ran out, or was killed, as systems do then.
    """

    def __init__(self, how: str, *, of_memory: bool = False) -> None:
        super().__init__(how)
        self.of_memory = of_memory

    def advice(self, otherwise: str = "") -> str:
        """Says what to do, in a sentence.

        Args:
            otherwise: What else helps, such as "leave this format out".
        """
        report = "Run again with --verbosity=1 for all that it said, and report that"
        what = "Free some memory and try again" if self.of_memory else report
        return f"{what}, or {otherwise}." if otherwise else f"{what}."


@dataclass(frozen=True)
class Session(Generic[T]):
    """A generator in a process of its own."""

    _process: "subprocess.Popen[bytes]"
    _said: IO[bytes]

    def tell(self, value: Any) -> None:
        """Sends the next value, and waits for no answer; if the process is gone, `hear` will tell.

        A value of more than a pipe holds, some 64 KiB, waits until the process takes it.
        """
        assert self._process.stdin is not None, "started with a pipe"
        with suppress(BrokenPipeError):
            pickle.dump(value, self._process.stdin)
            self._process.stdin.flush()

    def hear(self) -> T:
        """Waits for what the generator yields next; the first one comes without being asked.

        Raises:
            ExporterError: If the generator raised it.
            ProcessEndedError: If the process ended, by itself or by an error that is a bug.
        """
        assert self._process.stdout is not None, "started with a pipe"
        try:
            answer: T
            refused, answer = pickle.load(self._process.stdout)  # noqa: S301  (our own)
        except (EOFError, pickle.UnpicklingError) as error:
            raise self._end() from error
        if refused is not None:
            raise refused
        return answer

    def ask(self, value: Any) -> T:
        """Sends a value and waits for the answer, as `tell` and `hear` do."""
        self.tell(value)
        return self.hear()

    def close(self) -> None:
        """Says that nothing more is asked: once it has answered, the process ends."""
        assert self._process.stdin is not None, "closed once"
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdin = None

    def end(self) -> None:
        """Ends the process; nothing more may be asked."""
        self._process.kill()

    def _end(self) -> ProcessEndedError:
        status = self._process.wait()
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - _LAST))
        said = self._said.read().decode(errors="replace")
        return ProcessEndedError(
            f"expected an answer, found that its process ended with status {status}"
            f" ({last_line(said)})",
            of_memory=status == -signal.SIGKILL or is_of_memory(said),
        )


@contextmanager
def session(
    function: Callable[..., Generator[T, Any, None]],
    *arguments: Any,
    environment: Mapping[str, str | None] | None = None,
) -> Iterator[Session[T]]:
    """Runs a generator in a fresh process, which begins at once.

    Args:
        function: Of a module, which is imported there anew; makes the generator.
        *arguments: Its arguments, which can be pickled.
        environment: What differs from this process's environment; None removes a variable.

    Yields:
        What to ask; the process is gone afterwards.
    """
    with (
        temporary.file() as said,
        _started(environment or {}, said) as process,
    ):
        running: Session[T] = Session(process, said)
        name = (function.__module__, function.__qualname__)
        running.tell((os.getpid(), logging.get_verbosity(), *name, arguments))
        yield running


@contextmanager
def beside(
    function: Callable[..., T],
    *arguments: Any,
    environment: Mapping[str, str | None] | None = None,
) -> Iterator[Callable[[], T]]:
    """Runs a function in a fresh process while this one goes on.

    Args:
        function: Of a module, which is imported there anew.
        *arguments: Its arguments, which can be pickled, as its result.
        environment: What differs from this process's environment; None removes a variable.

    Yields:
        What waits for the result, and raises as `Session.hear`; the process is gone afterwards.
    """
    once = (_once, function.__module__, function.__qualname__, arguments)
    with session(*once, environment=environment) as running:
        running.close()
        yield running.hear


def call(
    function: Callable[..., T],
    *arguments: Any,
    environment: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> T:
    """Runs a function in a fresh process, waits for it, and returns its result, as `beside`.

    Args:
        function: Of a module, which is imported there anew.
        *arguments: Its arguments, which can be pickled, as its result.
        environment: What differs from this process's environment; None removes a variable.
        timeout: Seconds after which the process is ended, and ProcessEndedError says so.
    """
    once = (_once, function.__module__, function.__qualname__, arguments)
    with session(*once, environment=environment) as running, _ended(running, timeout) as late:
        try:
            result: T = running.hear()
            return result
        except ProcessEndedError as error:
            if late.is_set():
                raise ProcessEndedError(f"it took more than {timeout:g} seconds") from error
            raise


@contextmanager
def _ended(running: Session[Any], seconds: float | None) -> Iterator[threading.Event]:
    """Ends a session that lasts too long; what is yielded is set first."""
    late = threading.Event()

    def end() -> None:
        late.set()
        running.end()

    timer = threading.Timer(seconds or 0, end)
    if seconds is not None:
        timer.start()
    try:
        yield late
    finally:
        timer.cancel()


@contextmanager
def _started(
    environment: Mapping[str, str | None], said: IO[bytes]
) -> "Iterator[subprocess.Popen[bytes]]":
    path = (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"), *own_folders())
    wanted = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), **environment}
    process = subprocess.Popen(  # noqa: S603  (the command is our own)
        # Without the current folder on its path, where anything may lie under any name.
        [sys.executable, "-P", "-m", __name__],
        env={name: value for name, value in wanted.items() if value is not None},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        # An interrupt from the terminal is this process's to answer.
        process_group=0,
    )
    try:
        # With what it has started: a grandchild that holds the pipes would be waited for.
        with temporary.cleaned(lambda: _kill(process)):
            yield process
    finally:
        with suppress(BrokenPipeError, ValueError):
            process.communicate()
        if logging.get_verbosity() >= logging.INFO and sys.stderr is not None:
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines()
            sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # also where it has left its own group


def _end_with(parent: int) -> None:
    """Has the system end this process with the one that started it, however that one ends.

    Elsewhere than on Linux this process ends when it next asks for something.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        sys.exit(1)


def _once(module: str, name: str, arguments: tuple[Any, ...]) -> Generator[Any, Any, None]:
    yield _found(module, name)(*arguments)


def _found(module: str, name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def main() -> None:
    """Serves one session on standard input and output; what libraries print goes to the errors."""
    asked = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        parent, verbosity, module, name, arguments = pickle.load(asked)  # noqa: S301  (our own)
        _end_with(parent)
        logging.set_verbosity(verbosity)
        for answer in _answered(_found(module, name)(*arguments), asked):
            pickle.dump(answer, answers)
            answers.flush()


def _answered(
    generator: Generator[Any, Any, None], asked: IO[bytes]
) -> Iterator[tuple[Exception | None, Any]]:
    """Drives a generator by what is asked, until either ends; yields refusals and answers."""
    value = None
    while True:
        try:
            yield None, generator.send(value)
        except StopIteration:
            return
        except (ExporterError, NetworkError) as error:
            yield error, None
            return
        try:
            value = pickle.load(asked)  # noqa: S301  (our own)
        except EOFError:
            return


if __name__ == "__main__":
    # Under its own name: what runs here may import this module, and start processes too.
    importlib.import_module("exporter.processes").main()
