"""Tables for people, JSON for programs, progress on a terminal only."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from exporter.progress import Progress, silent

_UNLIMITED = 10_000


def print_json(value: Any) -> None:
    """Prints a value as indented JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Prints a table on standard output.

    Args:
        columns: Headings; one that begins with ">" is aligned to the right.
        rows: Cells.
        title: What stands above.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        table.add_column(column.lstrip(">"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*row)
    # A pipe has no width; a table must not be cut to a guessed one.
    width = None if sys.stdout.isatty() else _UNLIMITED
    Console(highlight=False, markup=False, width=width).print(table)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Shows a bar on standard error while the body runs, if that is a terminal.

    Yields:
        What to call with a label, what is done and the total.
    """
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with (
        # A descriptor of its own: the other one is set aside while TensorFlow is imported.
        os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal,
        Progress(*columns, console=Console(file=terminal), transient=True) as bars,
    ):
        tasks: dict[str, Any] = {}
        stages = bars.add_task("", total=None)

        def show(label: str, done: int, total: int | None) -> None:
            if label != "download":
                bars.update(stages, description=label, completed=done, total=total)
                return
            if label not in tasks:
                bars.columns = (*columns, DownloadColumn())
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show
