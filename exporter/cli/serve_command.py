"""`slim-export serve`."""

import argparse
from typing import Any

from exporter.cli import flags
from exporter.cli.terminal import print_lines, tell
from exporter.errors import InvalidArgumentError, counted

_PORT, _MAX_PORT = 8500, 65535
_HOST = "127.0.0.1"


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    summary = "serve releases to tensorflow_hub and to browsers, until interrupted"
    flags.add_command(
        *(commands, "serve", run, summary),
        release_dir=flags.path("a folder with releases, at any depth", required=True),
        port=flags.value(f"where to listen; 0 takes a free one ({_PORT})", type=int, default=_PORT),
        host=flags.value(
            f"address to listen at; only this machine reaches the default ({_HOST})",
            type=flags.not_empty,
            default=_HOST,
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Serves a folder of releases."""
    if not 0 <= arguments.port <= _MAX_PORT:
        raise InvalidArgumentError(
            f"Port {arguments.port} is out of range: expected 0 to {_MAX_PORT}. Change --port."
        )
    from exporter.releasing import ServeRequest, serve

    serve(flags.fill(ServeRequest, arguments), _ready, tell)
    return 0


def _ready(url: str, count: int) -> None:
    print_lines(f"Serving {counted(count, 'model')} at {url}/")
