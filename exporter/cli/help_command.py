"""`slim-export help`."""

import argparse
from functools import partial
from typing import Any

from exporter.cli import flags
from exporter.cli.command_parser import CommandParser, nearest


def add(commands: Any, top: CommandParser) -> None:
    """Adds the command, which knows all that were added before.

    Args:
        commands: What commands are added to, and by name those that are there.
        top: The parser of them all.
    """
    summary = "list the commands, or the flags of one"
    parser = flags.add_command(commands, "help", partial(run, commands, top), summary)
    parser.add_argument("names", nargs="*", metavar="COMMAND", help="such as export")


def run(commands: Any, top: CommandParser, arguments: argparse.Namespace) -> int:
    """Prints what `--help` prints."""
    if not arguments.names:
        return top.list_commands(arguments)
    name, *more = arguments.names
    if name not in commands.choices:
        near = nearest(name, list(commands.choices))
        meant = f"did you mean {near}?" if near else f"expected {', '.join(commands.choices)}."
        top.error(f"command '{name}' is unknown: {meant}")
    commands.choices[name].parse_args([*more, "--help"])
    return 0
