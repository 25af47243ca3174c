"""What people read: the README, and the topics of `slim-export help`; with the code in them."""

import re
from dataclasses import dataclass

from exporter.cli.help_command import topics
from support.command_line import ROOT

README = ROOT / "README.md"
_FENCED = re.compile(r"^```(\S*)[ \t]*(\S*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """Lines of code between fences.

    Attributes:
        language: What it is written in.
        file: Whose content it is; empty where it is to be run.
        text: The lines.
    """

    language: str
    file: str
    text: str


def written(topic):
    """Returns the text of a topic."""
    return topics()[topic].read_text(encoding="utf-8")


def documents():
    """Returns all texts by name: the README's first."""
    return {"README": README.read_text(encoding="utf-8")} | {
        name: written(name) for name in topics()
    }


def everything():
    """Returns all texts as one."""
    return "\n".join(documents().values())


def blocks(text):
    """Returns the blocks of code, in their order."""
    return [Block(*found) for found in _FENCED.findall(text)]


def spans(text):
    """Returns what stands between single backticks outside of blocks."""
    return _SPAN.findall(_FENCED.sub("", text))


def rows(text, heading):
    """Reads a table.

    Args:
        text: Markdown.
        heading: How its first line begins.

    Returns:
        The cells of each line below the headings.
    """
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(heading):
            break
    next(lines)
    found = []
    for line in lines:
        if not line.startswith("|"):
            return found
        found.append([cell.strip() for cell in line.strip()[1:-1].split("|")])
    return found
