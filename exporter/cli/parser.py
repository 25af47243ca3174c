"""The commands. Nothing here may import TensorFlow: `--help` answers at once."""

import argparse
from collections.abc import Sequence

from absl import flags

from exporter import __version__
from exporter.cli import (
    benchmark_command,
    completion_command,
    contract_command,
    convert_command,
    evaluate_command,
    export_command,
    fetch_command,
    help_command,
    list_command,
    package_command,
    publish_command,
    serve_command,
    verify_command,
    verify_release_command,
)
from exporter.cli.command_parser import CommandParser

_COMMANDS = (
    *(list_command, fetch_command, export_command, verify_command, convert_command),
    *(benchmark_command, evaluate_command),
    *(contract_command, package_command, verify_release_command, publish_command, serve_command),
    completion_command,
)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parses a command line.

    Args:
        argv: Program name and arguments.

    Returns:
        The flags, and as `command` the function that takes them.
    """
    parser = _parser()
    completion_command.answer(parser)
    own, passed_on = _split(argv[1:])
    try:
        arguments: argparse.Namespace = parser.parse_args(own)
    except flags.Error as error:
        parser.error(str(error))
    if passed_on:
        if not hasattr(arguments, "passed_on"):
            parser.error(f"unrecognized arguments: {' '.join(passed_on)}")
        arguments.passed_on = passed_on
    return arguments


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Splits what is a command's own from what it passes on, which follows `--`."""
    if "--" not in arguments:
        return arguments, ()
    place = list(arguments).index("--")
    return arguments[:place], tuple(arguments[place + 1 :])


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="slim-export",
        description="Turns TF-Slim checkpoints into TF2 SavedModels.",
        epilog="slim-export help COMMAND shows the flags of one, and slim-export help TOPIC"
        f" explains {', '.join(help_command.topics())}. --verbosity=1 shows TensorFlow's messages.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"slim-export {__version__}")
    parser.set_defaults(command=parser.list_commands)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    help_command.add(commands, parser)
    return parser
