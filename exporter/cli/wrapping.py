"""Breaks sentences into lines between words, and nowhere else."""

import os
import re
from contextlib import suppress
from typing import TextIO

# Of a terminal that does not say how wide it is.
_USUAL = 80
# A word, or what stands in quotation marks, such as a path with spaces in it.
_WORDS = re.compile(r"(?<!\S)'[^']{0,300}'\S*|\S+")


def width_of(stream: TextIO | None) -> int | None:
    """Returns how many columns a terminal has.

    Args:
        stream: Such as standard output; None where that is closed.

    Returns:
        The number; None for what is no terminal, and so has no width.
    """
    if stream is None or not stream.isatty():
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    return _USUAL


def cells(text: str) -> int:
    """Returns how many columns a line takes: two for each character of Chinese, for instance."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def words(text: str, width: int) -> list[str]:
    """Returns the parts of a sentence that must not be broken.

    Args:
        text: The sentence.
        width: Columns; what stands in quotation marks and is wider is broken between its words.
    """
    found: list[str] = []
    for part in _WORDS.findall(text):
        found += [part] if cells(part) <= width else part.split()
    return found


def wrapped(text: str, width: int | None) -> list[str]:
    """Breaks a sentence into lines.

    Args:
        text: The sentence.
        width: Columns; None for any number.

    Returns:
        The lines, of which one that holds a single long word may be wider. A
        text that fits is left as it is.
    """
    if width is None or cells(text) <= width:
        return [text]
    lines: list[str] = []
    for word in words(text, width):
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
