"""What a terminal gets to see of names that others chose."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from exporter.cli import terminal

# A line of its own, a colour, a title, the whole screen, C1's own escape, a turned direction.
NAMES = [
    "op\nAll 1556 checks passed",
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "a\rb",
    "\x9b2J",
    "\u202egpj",
]
HALF = "caf\udce9"  # of a folder whose name is not UTF-8


@pytest.mark.parametrize("name", [*NAMES, HALF, "del\x7f", "next\x85line", "para\u2029graph"])
def test_names_neither_command_the_terminal_nor_begin_a_line(name, capsys):
    terminal.print_lines(f"One {name}.", "two")
    terminal.print_table((name, "b"), [(name, "c"), ("d", name)])
    terminal.print_json({name: name})
    terminal.tell(f"Model '{name}' is none.")
    said = capsys.readouterr()
    assert all(line.isprintable() for line in (said.out + said.err).split("\n"))
    assert len(said.out.split("\n")) == 2 + 3 + 3 + 1
    assert len(said.err.split("\n")) == 2
    assert repr(name)[1:-1] in said.err


def test_what_can_be_read_is_left_as_it_is(capsys):
    terminal.print_lines("Größe ± 3 µs, 東京", "", "  indented 'quoted' \\\\n")
    assert capsys.readouterr().out == "Größe ± 3 µs, 東京\n\n  indented 'quoted' \\\\n\n"


def test_prose_is_wrapped_on_a_terminal_only(capsys, monkeypatch):
    sentence = "One sentence of some words."
    terminal.print_prose(sentence)
    monkeypatch.setattr(terminal, "width_of", lambda stream: 14)
    terminal.print_prose(sentence, "", "two")
    terminal.tell(sentence)
    said = capsys.readouterr()
    assert said.out == f"{sentence}\nOne sentence\nof some words.\n\ntwo\n"
    assert said.err == "slim-export:\nOne sentence\nof some words.\n"


def read_to_end(there):
    """What was written to a terminal whose other end is, or will be, closed; and closes it."""
    said = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while block := os.read(there, 65536):
            said += block
    os.close(there)
    return said


def shown(columns, *command):
    """Runs a command in a terminal, and returns what it gets: both streams, without styles."""
    there, here = pty.openpty()
    fcntl.ioctl(here, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {n: v for n, v in os.environ.items() if n != "COLUMNS"} | {"TERM": "xterm"}
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), here)
    arguments = [sys.executable, "-m", "exporter", *command]
    with subprocess.Popen(arguments, env=environment, **streams):
        os.close(here)
        said = read_to_end(there)
    return re.sub(r"\x1b\[[\d;]*m", "", said.decode()).splitlines()


@pytest.mark.parametrize("columns", [80, 100, 250])
def test_a_real_terminal_gets_all_of_a_list(columns):
    lines = shown(columns, "list")
    text = "\n".join(lines)
    assert all(len(line.rstrip()) <= columns for line in lines)
    assert "google/imagenet/mobilenet_v3_large_100_224/classification/5" in text
    for word in ("cached", "sha256", "published archive", "v3-large_224_1.0_float.tgz"):
        assert word in text
    assert lines[0].startswith("variant ") == (columns == 250)


def test_a_real_terminal_gets_unbroken_words_in_errors():
    lines = shown(50, "fetch", "--variant=mobilenet_v3_smal_075_224")
    assert lines[0] == "slim-export: Variant 'mobilenet_v3_smal_075_224'"
    assert max(map(len, lines)) <= 50
    assert "mobilenet_v3_small_075_224" in " ".join(lines)


def test_progress_shows_names_as_they_are(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    there, here = pty.openpty()
    with os.fdopen(here, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with terminal.progress_bar() as progress:
            progress("measure: signature '[/]\x1b]0;title\x07'", 1, 2)
    assert rb"signature '[/]\x1b]0;title\x07'" in read_to_end(there)


class Verdict:
    passed = False

    def verdict(self):
        return "Model differs first in op 'a\nAll checks passed'."


def test_verdicts_and_annotations(capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    show = lambda _: None  # noqa: E731
    terminal.conclude(Verdict(), show, ["::error title=a::b\n::error::c\x1b"], as_json=False)
    said = capsys.readouterr()
    assert said.out == "::error title=a::b\\n::error::c\\x1b\n"
    assert said.err == "slim-export: Model differs first in op 'a\\nAll checks passed'.\n"
