"""The command `slim-export`, also `python -m exporter`."""

import os
import sys
from typing import NoReturn

from absl import app, logging

from exporter import quiet
from exporter.cli import signals
from exporter.cli.parser import parse
from exporter.cli.terminal import tell
from exporter.errors import ExporterError
from slim_nets.network import NetworkError


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
            return int(arguments.command(arguments))  # type: ignore[attr-defined]
    except (ExporterError, NetworkError) as error:
        signals.check()  # an interruption may look like an error to what was interrupted
        tell(str(error))
        return 1
    except Exception:
        signals.check()  # as it does where TensorFlow cleans up
        raise


if __name__ == "__main__":
    main()
