"""Tables for people, JSON for programs, progress on a terminal only.

Whatever a model, a file or a server is called goes through here on its way to
the terminal, and is escaped: a name may neither command it nor begin a line.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from exporter.cli import signals
from exporter.cli.columns import columns_of, facts, table_or_list
from exporter.cli.wrapping import width_of, wrapped
from exporter.errors import OutputError, printable
from exporter.progress import Progress

if TYPE_CHECKING:
    from exporter.contract.diff import ContractDiff
    from exporter.verifier.report.verification_report import VerificationReport

_Compared = TypeVar("_Compared", "VerificationReport", "ContractDiff")


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


def print_prose(*sentences: str) -> None:
    """Prints sentences on standard output, on a terminal broken into lines between words.

    Raises:
        OutputError: If they cannot be written, other than for a reader that has gone.
    """
    width = width_of(sys.stdout)
    lines = [line for said in sentences for line in wrapped(printable(said), width)]
    _print("".join(f"{line}\n" for line in lines))


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    heading: int = 1,
    groups: Sequence[str] = (),
) -> None:
    """Prints a table on standard output, or a list where a terminal is too narrow for it.

    Args:
        columns: Headings; one that begins with ">" is of a column of numbers. A
            column that is empty in every row is not shown.
        rows: Cells.
        heading: Of a list: how many columns stand in the line above the others.
        groups: What each row belongs to; said in a line above the first row of each.
    """
    titles, *escaped = ([printable(cell) for cell in row] for row in (columns, *rows))
    groups = [printable(group) for group in groups]
    _print(table_or_list(columns_of(titles, escaped), width_of(sys.stdout), heading, groups))


def print_facts(*rows: tuple[str, str]) -> None:
    """Prints what is known of one thing on standard output: pairs of a name and a value."""
    escaped = [(printable(name), printable(value)) for name, value in rows]
    _print(facts(escaped, width_of(sys.stdout)))


def tell(sentence: str) -> None:
    """Says something on standard error, under the command's name."""
    said = f"slim-export: {printable(sentence)}"
    sys.stderr.write("\n".join(wrapped(said, width_of(sys.stderr))) + "\n")


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
        print_prose(*(["", found.verdict()] if found.passed else []))
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

    # Names of a model's signatures are among what is shown.
    description = TextColumn("{task.description}", markup=False)
    columns = (description, BarColumn(), TimeElapsedColumn())
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
                bars.update(stages, description=printable(label), completed=done, total=total)
                return
            if label not in tasks:
                bars.columns = (*columns, DownloadColumn())
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show
