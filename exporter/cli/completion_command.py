"""`slim-export completion`: lets a shell complete commands, flags and their values."""

import argparse
import os
from typing import Any

from exporter.cli import flags
from exporter.cli.terminal import print_lines

_SHELLS = ("bash", "zsh")
# What shells set when they ask what a line can go on with.
_ASKED = "_ARGCOMPLETE"
_EPILOG = """\
switch it on in bash:  echo 'eval "$(slim-export completion bash)"' >> ~/.bashrc
switch it on in zsh:   echo 'eval "$(slim-export completion zsh)"' >> ~/.zshrc
"""


def add(commands: Any) -> None:
    """Adds the command."""
    summary = "print what switches on tab completion in a shell"
    parser = flags.add_command(commands, "completion", run, summary)
    parser.epilog, parser.formatter_class = _EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=_SHELLS)


def run(arguments: argparse.Namespace) -> int:
    """Prints a shell's own code, which asks this program again at each tab."""
    from argcomplete.shell_integration import shellcode

    print_lines(*shellcode(["slim-export"], shell=arguments.shell).splitlines())
    return 0


def answer(parser: argparse.ArgumentParser) -> None:
    """Tells a shell what its line can go on with and ends, if that is what was asked.

    Args:
        parser: Of the command line.
    """
    if _ASKED in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser, always_complete_options="long")
