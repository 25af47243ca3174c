"""Draws a benchmark's figures as SVG."""

from typing import Any

import altair as alt

from exporter.bench.figures import Benchmark, Measurement
from exporter.bench.rounds import threads_named
from exporter.reports.charts import svg

_PARTS = ("imports", "beyond imports")
_WIDTH, _BAR, _HEIGHT, _LABEL = 340, 18, 220, 220


def plots(found: Benchmark) -> dict[str, str]:
    """Draws speed, latency, its course, and memory.

    Args:
        found: What was measured.

    Returns:
        SVG by title.
    """
    rows = found.measurements
    drawn = {
        f"Times as fast as {found.base}, with quartiles of the rounds": _speed(rows),
        "Milliseconds a call: median, and up to the 99th percentile": _latency(rows),
        "Round by round: what is seen here in all lines at once is the machine": _course(rows),
        "Peak memory of the process": _memory(rows),
    }
    return {title: svg(chart) for title, chart in drawn.items()}


def _of(row: Measurement) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "setting": f"batch {row.batch}, {threads_named(row.threads)}",
    }


def _speed(rows: tuple[Measurement, ...]) -> Any:
    values = [{**_of(row), **row.speed.model_dump()} for row in rows]
    subject = _subjects(rows)
    base = alt.Chart().encode(y=subject)
    bars = base.mark_bar().encode(x=alt.X("median:Q", title="times as fast"))
    quartiles = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    one = alt.Chart().mark_rule(strokeDash=[4, 4]).encode(x=alt.datum(1))
    return _faceted(alt.layer(bars, quartiles, one), values, rows)


def _latency(rows: tuple[Measurement, ...]) -> Any:
    values = [
        {**_of(row), "p50": row.p50_milliseconds.value, "p99": row.p99_milliseconds.value}
        for row in rows
    ]
    base = alt.Chart().encode(y=_subjects(rows))
    tails = base.mark_rule(strokeWidth=2).encode(x=alt.X("p50:Q"), x2=alt.X2("p99:Q"))
    points = base.mark_point(filled=True, size=60).encode(
        x=alt.X("p50:Q", title="milliseconds", scale=alt.Scale(zero=True))
    )
    chart = _faceted(alt.layer(tails, points), values, rows)
    return chart.resolve_scale(x="independent")


def _course(rows: tuple[Measurement, ...]) -> Any:
    values = [
        {**_of(row), "round": number, "ms": milliseconds}
        for row in rows
        for number, milliseconds in enumerate(row.round_milliseconds, start=1)
    ]
    lines = alt.Chart().mark_line(point=True)
    drawn = lines.encode(
        x=alt.X("round:Q", axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("ms:Q", title="milliseconds", scale=alt.Scale(type="log", nice=False)),
        color=alt.Color(
            "subject:N",
            title=None,
            sort=None,
            scale=alt.Scale(scheme="tableau20"),
            legend=alt.Legend(labelLimit=_LABEL),
        ),
    )
    chart = _faceted(alt.layer(drawn), values, rows, height=_HEIGHT)
    return chart.resolve_scale(y="independent")


def _memory(rows: tuple[Measurement, ...]) -> Any:
    values = [
        {**_of(row), "part": part, "order": order, "mib": size}
        for row in rows
        for order, (part, size) in enumerate(
            zip(
                _PARTS, (row.peak_mib.value - row.grown_mib.value, row.grown_mib.value), strict=True
            )
        )
    ]
    base = alt.Chart().encode(y=_subjects(rows))
    bars = base.mark_bar().encode(
        x=alt.X("mib:Q", title="MiB"),
        color=alt.Color("part:N", title=None, sort=_PARTS),
        order="order:Q",
    )
    return _faceted(alt.layer(bars), values, rows)


def _subjects(rows: tuple[Measurement, ...]) -> Any:
    names = list(dict.fromkeys(row.subject for row in rows))
    return alt.Y("subject:N", title=None, sort=names, axis=alt.Axis(labelLimit=_LABEL))


def _faceted(
    chart: Any, values: list[dict[str, Any]], rows: tuple[Measurement, ...], height: int = 0
) -> Any:
    """Puts a panel for each batch size and number of threads into two columns.

    Its height is that of a bar for each subject, unless another one is given.
    """
    height = height or _BAR * len({row.subject for row in rows})
    settings = list(dict.fromkeys(_of(row)["setting"] for row in rows))
    return chart.properties(width=_WIDTH, height=height).facet(
        facet=alt.Facet("setting:N", title=None, sort=settings), columns=2, data={"values": values}
    )
