"""Lays out Markdown for a terminal; imported where one is there, since rich takes a while.

As everywhere, no word of a table is broken or left out, and what can be copied
is whole: lines of code stay lines, however narrow the terminal is.
"""

from collections.abc import Iterator
from typing import ClassVar

from rich import markdown
from rich.console import Console, ConsoleOptions
from rich.syntax import Syntax
from rich.text import Text

from exporter.cli.columns import columns_of, table_or_list


def print_markdown(text: str, width: int) -> None:
    """Prints Markdown on standard output, for a terminal of so many columns."""
    Console(width=width).print(_Markdown(text, hyperlinks=False), crop=False)


class _Code(markdown.CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        syntax = Syntax("", self.lexer_name, theme="ansi_dark", background_color="default")
        code = syntax.highlight(str(self.text).rstrip())
        code.no_wrap = True
        code.overflow = "ignore"
        yield code


class _Table(markdown.TableElement):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        assert self.header is not None, "Markdown has no tables without headings"
        assert self.header.row is not None
        titles, *rows = (
            [str(cell.content) for cell in row.cells]
            for row in (self.header.row, *(self.body.rows if self.body else ()))
        )
        shown = table_or_list(columns_of(titles, rows), options.max_width, 1)
        yield Text.from_ansi(shown.rstrip("\n"), no_wrap=True, overflow="ignore")


class _Markdown(markdown.Markdown):
    elements: ClassVar[dict[str, type[markdown.MarkdownElement]]] = {
        **markdown.Markdown.elements,
        "fence": _Code,
        "table_open": _Table,
    }
