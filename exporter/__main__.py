"""The command `slim-export`, also `python -m exporter`."""

import os
import sys
import time
from typing import NoReturn

from absl import app, logging

from exporter import quiet
from exporter.cli import signals
from exporter.cli.parser import parse
from exporter.cli.terminal import print_prose, tell
from exporter.errors import ExporterError, is_of_memory, reason
from slim_nets.network import NetworkError

# Seconds that nobody counts.
_LONG = 10.0


def main() -> NoReturn:
    """Runs the command line and exits with its status."""
    signals.install()
    logging.set_verbosity(logging.ERROR)
    try:
        app.run(_run, flags_parser=parse)
    except BrokenPipeError:
        # Whoever read the output wanted no more of it; what was asked for is done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    finally:
        quiet.before_exit()


def _run(arguments: object) -> int:
    try:
        with signals.limited(getattr(arguments, "time_limit", None)):
            start = time.monotonic()
            status = int(arguments.command(arguments))  # type: ignore[attr-defined]
        if not getattr(arguments, "json", False):
            _tell_duration(time.monotonic() - start)
        return status
    except (ExporterError, NetworkError) as error:
        signals.check()  # an interruption may look like an error to what was interrupted
        tell(str(error))
        return 1
    except Exception as error:
        signals.check()  # as it does where TensorFlow cleans up
        if not is_of_memory(f"{type(error).__name__}: {error}"):
            raise
        tell(
            f"Memory ran out: expected room for more, found {reason(error)}. Close other programs,"
            " raise the limit of 'ulimit -v' or of the container, or work on less at once; nothing"
            " is left half-written."
        )
        return 1


def _tell_duration(seconds: float) -> None:
    """Says what a command took, if that was long enough to wonder."""
    if seconds > _LONG:
        minutes, rest = divmod(round(seconds), 60)
        print_prose(f"Took {minutes} min {rest} s." if minutes else f"Took {rest} s.")


if __name__ == "__main__":
    main()
