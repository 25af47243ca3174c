"""What the exporter refuses with, and how its sentences are built."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

MAX_LISTED = 5
_MAX_SAID = 300  # characters
# What TensorFlow says of an error in a graph before it says which.
_PREAMBLE = re.compile(
    r"Graph execution error:|Detected at node|<stack traces unavailable>|Node: '"
    r"|File \".*\", line \d+|Stack trace for op definition|\d+ root error\(s\) found"
    r"|Exception from \S+$|Check '.*' failed"
)
# What Python, C++ and TensorFlow say where memory or room for a thread's is asked for in vain.
_NO_MEMORY = re.compile(
    r"MemoryError|bad_alloc|ResourceExhausted|RESOURCE_EXHAUSTED|[Oo]ut of memory"
    r"|Cannot allocate memory|can't start new thread|pthread_create"
)


class ExporterError(Exception):
    """Something the user can mend; the command line prints it and exits with 1."""


class InvalidArgumentError(ExporterError, ValueError):
    """A variant or task that does not exist, or a number out of its range."""


class FetchError(ExporterError):
    """A published checkpoint could not be had."""


class RestoreError(ExporterError):
    """A checkpoint could not be read, or does not fit the network."""


class ExportError(ExporterError):
    """A SavedModel could not be written."""


class OutputError(ExporterError):
    """Standard output could not be written."""


class VerificationError(ExporterError):
    """A SavedModel differs from its reference, or could not be compared with it."""


class PublishError(ExporterError):
    """A model cannot be packaged or published, or a release is not what it says."""


class ContractError(ExporterError):
    """A contract cannot be read, or a model breaks it."""


class ConversionError(ExporterError):
    """A model cannot be converted, or what came out is not the same model."""


class BenchmarkError(ExporterError):
    """What was asked for cannot be measured."""


class EvaluationError(ExporterError):
    """A model cannot be evaluated, or the data not be used."""


def reason(error: Exception) -> str:
    """Says in one line what an error of the system or of TensorFlow says.

    Args:
        error: Any.

    Returns:
        Its first line that is no part of a stack, without the names of TensorFlow's nodes and
        what they are in; at most 300 characters of it.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = re.sub(r"\{\{.*?\}\}|\[Op:\w+\]", "", str(error)).strip()
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not _PREAMBLE.match(line)]
    said = told[0] if told else type(error).__name__
    return said if len(said) <= _MAX_SAID else f"{said[: _MAX_SAID - 3]}..."


def is_of_memory(said: str) -> bool:
    """Says whether an error, or what a process said at its end, is that memory ran out."""
    return _NO_MEMORY.search(said) is not None


def printable(text: str) -> str:
    """Escapes in a line what a terminal would obey or a reader could not see.

    Args:
        text: Of any characters, such as names that a model or a server gave.

    Returns:
        The same, where control characters, line breaks, marks that turn the
        direction of writing and halves of characters are written as Python does.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def last_line(said: str) -> str:
    """Picks what a process said before it ended.

    Args:
        said: All that it wrote to its standard error.

    Returns:
        The last line that is not blank, at most 300 characters of it, or "no message".
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:_MAX_SAID] if lines else "no message"


def listing(items: Iterable[str]) -> str:
    """Joins the first five items in sorted order and counts the others.

    Args:
        items: What to list.

    Returns:
        Such as "a, b, c, d, e and 12 more".
    """
    ordered = sorted(items)
    text = ", ".join(ordered[:MAX_LISTED])
    more = len(ordered) - MAX_LISTED
    return f"{text} and {more} more" if more > 0 else text


def counted(number: int, noun: str) -> str:
    """Counts things in words.

    Args:
        number: How many.
        noun: One of them, which takes an "s" where there are more.

    Returns:
        Such as "1 model", "0 models" and "2 models".
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def most_alike(name: str, names: Collection[str]) -> str:
    """Counts the names that there are, and lists the five that are most like another.

    Args:
        name: What somebody wrote.
        names: What can be meant.

    Returns:
        Such as "46, such as a, b, c, d and e".
    """
    return f"{len(names)}, such as {listing(get_close_matches(name, names, MAX_LISTED, 0.0))}"
