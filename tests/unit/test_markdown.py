"""Topics on terminals: lines of code stay whole, and no word of a table is broken or missing."""

import re

import pytest
from support.documents import blocks, documents, rows

from exporter.cli.markdown import print_markdown

TOPICS = {name: text for name, text in documents().items() if name != "README"}
TABLES = {
    "| what | interface": "fine-tuning",
    "| you have": "fine-tuning",
    "| format, file |": "formats",
    "| variants |": "networks",
    "| flag | says": "networks",
    "| group | what is compared": "comparison",
    "| `--checkpoint=` | is": "checkpoints",
}


@pytest.fixture
def shown(monkeypatch, capsys):
    def show(text, width):
        monkeypatch.setenv("TERM", "xterm")
        print_markdown(text, width)
        said = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
        return [line.rstrip() for line in said.splitlines()]

    return show


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("name", TOPICS)
def test_lines_of_code_are_whole(shown, name, width):
    lines = shown(TOPICS[name], width)
    for block in blocks(TOPICS[name]):
        assert set(block.text.rstrip().splitlines()) <= {*lines, ""}
    code = {line for block in blocks(TOPICS[name]) for line in block.text.splitlines()}
    assert all(len(line) <= width or line in code for line in lines)


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("heading", TABLES)
def test_no_word_of_a_table_is_missing_or_broken(shown, heading, width):
    text = TOPICS[TABLES[heading]]
    found = " ".join(shown(text, width)).split()
    for row in rows(text, heading):
        assert {word for cell in row for word in re.sub("[`*]", "", cell).split()} <= set(found)
