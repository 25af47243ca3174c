"""Draws an evaluation's figures as SVG."""

from typing import Any

import altair as alt

from exporter.reports.charts import svg
from exporter.reports.evaluation_record import Evaluation

_WIDTH, _BAR, _HEIGHT, _LABEL = 700, 22, 220, 260
# Of classes and confusions: more can be read in the tables.
_SHOWN = 20


def plots(found: Evaluation) -> dict[str, str]:
    """Draws accuracy, differences, agreement, classes and confusions, as far as there are any.

    Args:
        found: What was found.

    Returns:
        SVG by title.
    """
    drawn = {
        "Top-1 accuracy, with 95 % intervals": _accuracy(found),
        "Top-1 less the SavedModel's on the same images, with 95 % intervals": _differences(found),
        "Cosine with the SavedModel's output: mean, and the least": _cosines(found),
        "Classes by their top-1 accuracy": _classes(found),
        "Most frequent confusions": _confusions(found),
    }
    return {title: svg(chart) for title, chart in drawn.items() if chart is not None}


def _accuracy(found: Evaluation) -> Any:
    rows = []
    for model in found.models:
        if model.accuracy_interval is not None:
            low, high = model.accuracy_interval
            rows.append({"model": model.name, "value": model.accuracy, "low": low, "high": high})
    chart = _with_intervals(rows, "top-1")
    if chart is None or found.published is None:
        return chart
    line = alt.Chart().mark_rule(strokeDash=[4, 4]).encode(x=alt.datum(found.published.top_1))
    return alt.layer(*chart.layer, line, data=chart.data).properties(
        width=_WIDTH, height=_BAR * len(rows)
    )


def _differences(found: Evaluation) -> Any:
    rows = []
    for model in found.models:
        if model.difference is not None:
            low, high = model.difference.top_1_interval
            value = model.difference.top_1
            rows.append({"model": model.name, "value": value, "low": low, "high": high})
    return _with_intervals(rows, "difference of top-1")


def _cosines(found: Evaluation) -> Any:
    rows = [
        {"model": m.name, "value": m.cosine.mean, "low": m.cosine.least, "high": m.cosine.mean}
        for m in found.models
        if m.cosine is not None
    ]
    return _with_intervals(rows, "cosine")


def _with_intervals(rows: list[dict[str, Any]], title: str) -> Any:
    """Draws a point a row, and its interval; nothing without rows."""
    if not rows:
        return None
    names = [row["model"] for row in rows]
    y = alt.Y("model:N", title=None, sort=names, axis=alt.Axis(labelLimit=_LABEL))
    base = alt.Chart().encode(y=y)
    scale = alt.Scale(zero=False)
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, scale=scale), x2=alt.X2("high:Q")
    )
    points = base.mark_point(filled=True, size=60).encode(x=alt.X("value:Q", scale=scale))
    return alt.layer(intervals, points, data={"values": rows}).properties(
        width=_WIDTH, height=_BAR * len(rows)
    )


def _classes(found: Evaluation) -> Any:
    if not found.classes:
        return None
    rows = [{"top_1": one.top_1} for one in found.classes]
    return (
        alt.Chart({"values": rows})
        .mark_bar()
        .encode(
            x=alt.X("top_1:Q", title="top-1", bin=alt.Bin(extent=[0, 1], step=0.05)),
            y=alt.Y("count()", title="classes", axis=alt.Axis(tickMinStep=1)),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )


def _confusions(found: Evaluation) -> Any:
    rows = [
        {"pair": f"{c.name or c.label} as {c.guess_name or c.guess}", "images": c.images}
        for c in found.confusions[:_SHOWN]
    ]
    if not rows:
        return None
    y = alt.Y("pair:N", title=None, sort=None, axis=alt.Axis(labelLimit=_LABEL))
    x = alt.X("images:Q", axis=alt.Axis(tickMinStep=1))
    return (
        alt.Chart({"values": rows})
        .mark_bar()
        .encode(x=x, y=y)
        .properties(width=_WIDTH, height=_BAR * len(rows))
    )
