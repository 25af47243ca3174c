"""The command `slim-export`, also `python -m exporter`."""

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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    logging.set_verbosity(logging.ERROR)
    app.run(_run, flags_parser=parse)


def _run(arguments: object) -> int:
    try:
        return int(arguments.command(arguments))  # type: ignore[attr-defined]
    except ExporterError as error:
        sys.stderr.write(f"slim-export: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("slim-export: interrupted; nothing was written.\n")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    finally:
        quiet.before_exit()


if __name__ == "__main__":
    main()
