"""A benchmark as one HTML file that opens offline."""

from importlib import resources
from itertools import groupby

from exporter.bench.figures import Benchmark, Figure, Measurement
from exporter.bench.plots import plots
from exporter.bench.rounds import threads_named
from exporter.reports.html import rendered


def page_of(found: Benchmark) -> str:
    """Renders a benchmark.

    Args:
        found: What was measured.

    Returns:
        A page without scripts and without references to anything outside of it.
    """
    template = resources.files(__package__).joinpath("benchmark.html.j2").read_text("utf-8")
    parts = groupby(found.measurements, key=_heading)
    return rendered(
        template,
        found=found,
        parts={heading: list(rows) for heading, rows in parts},
        charts=plots(found),
        figure=figure,
    )


def _heading(row: Measurement) -> str:
    return f"Batch {row.batch}, {threads_named(row.threads)}"


def figure(found: Figure | None) -> str:
    """Writes a figure with its ratio, such as "12.3 (0.85)"; empty where there is none."""
    if found is None:
        return ""
    if found.ratio is None:
        return rounded(found.value)
    ratio = f"{found.ratio:.2f}" if found.ratio >= 0.1 else f"{found.ratio:.1g}"
    return f"{rounded(found.value)} ({ratio})"


def rounded(value: float) -> str:
    """Writes a number to three digits, and never as a power of ten."""
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:,.{max(0, 3 - whole)}f}"
