"""`slim-export help`: the commands, the flags of one, or a topic.

A topic is a Markdown file in `topics/`, which the README links to: so there is one text.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from exporter.cli import flags
from exporter.cli.command_parser import CommandParser, nearest
from exporter.cli.terminal import print_lines
from exporter.cli.wrapping import width_of

_TOPICS = Path(__file__).with_name("topics")


def topics() -> dict[str, Path]:
    """Returns the files of the topics by name, in alphabetical order."""
    return {path.stem: path for path in sorted(_TOPICS.glob("*.md"))}


def add(commands: Any, top: CommandParser) -> None:
    """Adds the command, which knows all that were added before.

    Args:
        commands: What commands are added to, and by name those that are there.
        top: The parser of them all.
    """
    summary = "list the commands, show the flags of one, or explain a topic"
    parser = flags.add_command(commands, "help", partial(run, commands, top), summary)
    parser.add_argument("names", nargs="*", metavar="COMMAND|TOPIC", help="such as export")
    parser.epilog = f"topics: {', '.join(topics())}"


def run(commands: Any, top: CommandParser, arguments: argparse.Namespace) -> int:
    """Prints what `--help` prints, or a topic."""
    if not arguments.names:
        return top.list_commands(arguments)
    name, *more = arguments.names
    if name in topics() and not more:
        _show(topics()[name].read_text(encoding="utf-8"))
        return 0
    if name not in commands.choices:
        known = [*commands.choices, *topics()]
        near = nearest(name, known)
        meant = f"did you mean {near}?" if near else f"expected {', '.join(known)}."
        top.error(f"'{name}' is neither a command nor a topic: {meant}")
    commands.choices[name].parse_args([*more, "--help"])
    return 0


def _show(text: str) -> None:
    """Prints Markdown: laid out for a person's terminal, else as it is written."""
    width = width_of(sys.stdout)
    if width is None:
        print_lines(*text.splitlines())
        return
    from exporter.cli.markdown import print_markdown

    print_markdown(text, width)
