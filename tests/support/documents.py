"""What people read: the README, and the topics of `slim-export help`."""

from exporter.cli.help_command import topics
from support.command_line import ROOT

README = ROOT / "README.md"


def written(topic):
    """Returns the text of a topic."""
    return topics()[topic].read_text(encoding="utf-8")


def everything():
    """Returns all texts."""
    return "\n".join([README.read_text(encoding="utf-8"), *map(written, topics())])
