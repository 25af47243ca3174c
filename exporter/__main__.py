"""The command `slim-export`, also `python -m exporter`."""

import os
import signal
import sys
from typing import NoReturn

from absl import app, logging

from exporter import quiet
from exporter.cli.parser import parse
from exporter.errors import ExporterError


def main() -> NoReturn:
    """Runs the command line and exits with its status."""
    # So that a terminated export cleans up like an interrupted one.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminated)
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
        status = int(arguments.command(arguments))  # type: ignore[attr-defined]
        sys.stdout.flush()
    except ExporterError as error:
        sys.stderr.write(f"slim-export: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("slim-export: interrupted; what was there before is unchanged.\n")
        return 128 + signal.SIGINT
    return status


def _terminated(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
