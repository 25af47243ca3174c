"""Lays out results for people: as a table where it fits, as a list where it does not.

Nothing is left out and no word is broken, however narrow the terminal is. A path
or a digest that is wider than the terminal stands on a line of its own, which the
terminal folds but which is copied as one.
"""

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from exporter.cli.wrapping import cells, wrapped

if TYPE_CHECKING:
    from rich.console import RenderableType

_UNLIMITED = 10_000
_GAP = 2
_INDENT = "  "
# Cells of a list that are no longer stand side by side.
_SHORT = 24
# A table whose rows take more lines than this is read more easily as a list.
_MOST_LINES = 3
# The name of a row's group, which may be empty, and its cells.
_Row = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        title: Its heading; may be empty.
        rows: Its cells.
        is_number: Whether cells are aligned to the right, and never wrapped.
    """

    title: str
    rows: tuple[str, ...]
    is_number: bool

    @property
    def widest(self) -> int:
        """Its width where nothing is wrapped."""
        return max(map(cells, (self.title, *self.rows)))

    @property
    def narrowest(self) -> int:
        """Its width where all that may be wrapped is."""
        unbroken = self.rows if self.is_number else [w for cell in self.rows for w in cell.split()]
        return max(map(cells, (*self.title.split(), *unbroken)), default=0)

    def lines(self, width: int) -> int:
        """Returns how many lines its tallest cell takes."""
        return max(len(wrapped(cell, width)) for cell in (self.title, *self.rows))

    def shown(self, width: int) -> int:
        """Returns how wide it is where its cells are wrapped to a width."""
        return max(cells(part) for c in (self.title, *self.rows) for part in wrapped(c, width))


def columns_of(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Takes a table apart into columns, without those that are empty in every row.

    Args:
        titles: Headings; one that begins with ">" is of a column of numbers.
        rows: Cells.
    """
    by_column = zip(*rows, strict=True) if rows else [()] * len(titles)
    made = [
        Column(title.lstrip(">"), tuple(column), title.startswith(">"))
        for title, column in zip(titles, by_column, strict=True)
    ]
    return [column for column in made if any(column.rows) or not rows]


def table_or_list(
    columns: Sequence[Column], width: int | None, heading: int, groups: Sequence[str] = ()
) -> str:
    """Lays out rows.

    Args:
        columns: All columns, each with as many cells.
        width: Of the terminal; None for what is none, such as a file.
        heading: Of a list: how many columns stand in the line above the others.
        groups: What each row belongs to, or nothing.

    Returns:
        Lines, each with its end. On a terminal, headings are bold.
    """
    rows = list(zip(*(column.rows for column in columns), strict=True))
    grouped = list(zip(groups or [""] * len(rows), rows, strict=True))
    widths = _fitted(columns, width)
    if widths is None:
        assert width is not None, "a table always fits where no width is given"
        return _list(columns, grouped, width, heading)
    return _printed(_table(columns, grouped, widths), width)


def _fitted(columns: Sequence[Column], width: int | None) -> list[int] | None:
    """Finds widths with which a table fits; None if it does not, or would be hard to read."""
    widths = [column.widest for column in columns]
    if width is None:
        return widths
    least = [column.narrowest for column in columns]
    spare = width - _GAP * (len(columns) - 1)
    if sum(least) > spare:
        return None
    while sum(widths) > spare:
        wide = max(range(len(widths)), key=lambda n: (widths[n] > least[n], widths[n]))
        widths[wide] -= 1
    lines = (column.lines(w) for column, w in zip(columns, widths, strict=True))
    return widths if max(lines, default=0) <= _MOST_LINES else None


def _table(
    columns: Sequence[Column], grouped: Sequence[_Row], widths: Sequence[int]
) -> Iterator["RenderableType"]:
    """Yields the headings, then the rows of each group under its name."""
    from rich.text import Text

    yield _part_of_table(columns, [], widths)
    for group, members in itertools.groupby(grouped, key=lambda row: row[0]):
        if group:
            yield Text(group)
        yield _part_of_table(columns, [row for _, row in members], widths)


def _part_of_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> "RenderableType":
    """Makes the headings, where no rows are given, or rows, as wide as all others."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=not rows)
    for column, own in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        title = "\n".join(wrapped(column.title, own))
        table.add_column(title, justify=justify, overflow="fold", width=column.shown(own))
    for row in rows:
        table.add_row(*("\n".join(wrapped(c, w)) for c, w in zip(row, widths, strict=True)))
    return table


def _list(columns: Sequence[Column], grouped: Sequence[_Row], width: int, heading: int) -> str:
    from rich.text import Text

    lines: list[Text] = []
    for group, members in itertools.groupby(grouped, key=lambda row: row[0]):
        lines += [Text(group)] if group else []
        for _, row in members:
            title = " ".join(filter(None, row[:heading]))
            lines += [Text(line, style="bold") for line in wrapped(title, width)]
            named = list(zip([column.title for column in columns], row, strict=True))[heading:]
            lines += map(Text, _details(named, width - len(_INDENT)))
    return _printed(lines, width)


def _printed(parts: Iterable["RenderableType"], width: int | None) -> str:
    """Renders with rich, which knows whether the terminal can show bold letters."""
    from rich.console import Console
    from rich.text import Text

    rendered = io.StringIO()
    console = Console(
        file=rendered,
        force_terminal=width is not None,
        width=width or _UNLIMITED,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        # A list's lines are broken already where they may be.
        console.print(part, soft_wrap=isinstance(part, Text))
    return "".join(f"{line.rstrip()}\n" for line in rendered.getvalue().splitlines())


def _details(named: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Writes one row's other cells: short ones and words side by side, then sentences."""
    given = [(f"{title}: " if title else "", cell) for title, cell in named if cell]
    line = ""
    for title, cell in (pair for pair in given if _is_short(pair[1])):
        longer = f"{line}{_INDENT if line else ''}{title}{cell}"
        if line and cells(longer) > width:
            yield _INDENT + line
            longer = f"{title}{cell}"
        line = longer
        if cells(line) > width:  # a word that fills a line of its own
            yield from (_INDENT + part for part in (title.rstrip(), cell) if part)
            line = ""
    if line:
        yield _INDENT + line
    for title, cell in (pair for pair in given if not _is_short(pair[1])):
        first, *more = wrapped(f"{title}{cell}", width - len(_INDENT))
        yield _INDENT + first
        yield from (_INDENT * 2 + part for part in more)


def _is_short(cell: str) -> bool:
    return cells(cell) <= _SHORT or len(cell.split()) == 1


def facts(rows: Sequence[tuple[str, str]], width: int | None) -> str:
    """Lays out what is known of one thing, a line or more each.

    Args:
        rows: What it is, which may be empty after the first of several, and the value.
        width: Of the terminal; None for what is none.

    Returns:
        Lines, each with its end.
    """
    label_width = max((cells(label) for label, _ in rows), default=0) + _GAP
    left = None if width is None else width - label_width
    lines: list[str] = []
    for label, value in rows:
        parts = wrapped(value, left)
        if left is not None and max(map(cells, parts)) > left:
            # A path that has no room beside its name is whole below it.
            lines += [label] * bool(label)
            lines += [_INDENT + part for part in wrapped(value, width and width - len(_INDENT))]
            continue
        labels = [label] + [""] * (len(parts) - 1)
        lines += [
            f"{name:<{label_width}}{part}".rstrip()
            for name, part in zip(labels, parts, strict=True)
        ]
    return "".join(f"{line}\n" for line in lines)
