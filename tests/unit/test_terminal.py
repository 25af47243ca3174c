"""What a terminal gets to see of names that others chose."""

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
