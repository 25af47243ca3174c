"""Tables for people, JSON for programs, progress on a terminal only.

Whatever a model, a file or a server is called goes through here on its way to
the terminal, and is escaped: a name may neither command it nor begin a line.
"""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from exporter.cli import signals
from exporter.errors import OutputError, printable
from exporter.progress import Progress

if TYPE_CHECKING:
    from exporter.contract.diff import ContractDiff
    from exporter.verifier.report.records import VerificationReport

_Compared = TypeVar("_Compared", "VerificationReport", "ContractDiff")

_UNLIMITED = 10_000
_GAP = 2


def print_lines(*lines: str) -> None:
    """Prints lines on standard output, each escaped, so that it stays one.

    Raises:
        OutputError: If they cannot be written, other than for a reader that has gone.
    """
    _print("".join(f"{printable(line)}\n" for line in lines))


def _print(text: str) -> None:
    """Prints text as it is, which ends there or fails in one line.

    Raises:
        OutputError: If it cannot be written, other than for a reader that has gone.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or "it is closed"
        raise OutputError(
            f"Standard output cannot be written: {reason}. What was asked for is done; only its"
            " report is missing."
        ) from error


def print_json(value: Any) -> None:
    """Prints a value as indented JSON on standard output."""
    _print(json.dumps(value, indent=2).replace("\x7f", "\\u007f") + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, keep: int | None = None
) -> None:
    """Prints a table on standard output.

    Args:
        columns: Headings; one that begins with ">" is aligned to the right.
        rows: Cells.
        keep: How many columns a narrow terminal must show; the others are left
            out, and that is said. None folds cells instead.
    """
    from rich.console import Console
    from rich.table import Table

    # A pipe has no width; a table must not be cut to a guessed one.
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    rendered = io.StringIO()
    console = Console(
        file=rendered,
        force_terminal=on_terminal,
        width=shutil.get_terminal_size().columns if on_terminal else _UNLIMITED,
        highlight=False,
        markup=False,
        emoji=False,
    )
    columns, *rows = ([printable(cell) for cell in row] for row in (columns, *rows))
    shown = len(columns)
    if keep is not None:
        widths = [max(map(len, cells)) + _GAP for cells in zip(columns, *rows, strict=True)]
        while shown > keep and sum(widths[:shown]) > console.width:
            shown -= 1
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for column in columns[:shown]:
        justify: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        table.add_column(column.lstrip(">"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*row[:shown])
    console.print(table)
    lines = [line.rstrip() for line in rendered.getvalue().splitlines()]
    if shown < len(columns):
        left_out = ", ".join(column.lstrip(">") for column in columns[shown:])
        lines.append(f"(Left out for want of room: {left_out}.)")
    _print("\n".join(lines) + "\n")


def tell(sentence: str) -> None:
    """Says something on standard error, under the command's name."""
    sys.stderr.write(f"slim-export: {printable(sentence)}\n")


def conclude(
    found: _Compared,
    show: Callable[[_Compared], None],
    annotations: Iterable[str],
    *,
    as_json: bool,
) -> int:
    """Prints what came of a comparison.

    Args:
        found: What came of it.
        show: Prints it for people.
        annotations: Workflow commands, for GitHub workflows; on standard error beside JSON.
        as_json: Whether to print JSON instead.

    Returns:
        The exit status: 1, and the verdict on standard error, if it failed.
    """
    if as_json:
        print_json({"passed": found.passed, **found.model_dump(mode="json")})
    else:
        show(found)
        print_lines(*(["", found.verdict()] if found.passed else []))
    if os.environ.get("GITHUB_ACTIONS"):
        for line in map(printable, annotations):
            (sys.stderr.write if as_json else _print)(f"{line}\n")
    if not found.passed:
        tell(found.verdict())
    return 0 if found.passed else 1


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Shows a bar on standard error while the body runs, if that is a terminal.

    Yields:
        What to call with a label, what is done and the total.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda *_: signals.check()
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
            signals.check()
            if label != "download":
                bars.update(stages, description=label, completed=done, total=total)
                return
            if label not in tasks:
                bars.columns = (*columns, DownloadColumn())
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show
