"""Draws a report's figures as SVG, which needs neither scripts nor a network to be looked at."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from exporter.verifier.report.records import NAIVE, Check
from exporter.verifier.report.verification_report import VerificationReport

_WIDTH, _HEIGHT = 860, 260
# Nothing can be drawn at zero on a log scale: equal results lie here, below any rounding.
_EQUAL = 1e-10
_ULP_GROUPS = ("outputs", "end points", "training", "gradients", "moving averages", "weights")


def charts(report: VerificationReport) -> dict[str, str]:
    """Draws what a report has figures for.

    Args:
        report: The report.

    Returns:
        SVG by title.
    """
    drawn = {
        "Error along the network": _along_the_network(report.checks),
        "Distance in units in the last place": _ulp_histogram(report.checks),
        "Outputs": _scatter(report),
    }
    return {title: svg(chart) for title, chart in drawn.items() if chart is not None}


def _along_the_network(checks: tuple[Check, ...]) -> Any:
    """Draws the largest relative error of every end point, and the reference's noise."""
    worst = _worst([check for check in checks if not check.naive])
    naive = _worst([check for check in checks if check.naive])
    if not worst:
        return None
    rows: list[dict[str, Any]] = []
    for place, (name, check) in enumerate(worst.items()):
        row = {"place": place, "end point": name}
        relative = check.max_rel or 0.0
        rows.append({**row, "line": "error", "value": max(relative, _EQUAL)})
        if name in naive:
            rows.append({**row, "line": NAIVE, "value": max(naive[name].max_rel or 0.0, _EQUAL)})
        if check.noise is not None:
            noise = check.noise / (check.largest or 1.0)
            rows.append({**row, "line": "noise floor", "value": max(noise, _EQUAL)})
    names = [name.split("/", 1)[-1] for name in worst]
    axis = alt.Axis(
        values=list(range(len(names))),
        labelExpr=f"{names!r}[datum.value]",
        labelAngle=-60,
        labelLimit=160,
        titlePadding=16,  # the renderer takes the labels to be shorter than it draws them
    )
    return (
        alt.Chart({"values": rows})
        .mark_line(point=True, interpolate="linear")
        .encode(
            x=alt.X("place:Q", title="end point, in the network's order", axis=axis),
            y=alt.Y(
                "value:Q",
                title="over the largest value (1e-10: equal)",
                scale=alt.Scale(type="log"),
            ),
            color=alt.Color("line:N", title=None, sort=["error", "noise floor", NAIVE]),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )


def _worst(checks: Sequence[Check]) -> dict[str, Check]:
    """Returns the check of the largest relative error of every end point."""
    worst: dict[str, Check] = {}
    for check in checks:
        if check.group == "end points" and check.max_rel is not None:
            known = worst.get(check.name)
            if known is None or check.max_rel > (known.max_rel or 0.0):
                worst[check.name] = check
    return worst


def _ulp_histogram(checks: tuple[Check, ...]) -> Any:
    rows = []
    for group in _ULP_GROUPS:
        chosen = [check for check in checks if check.group == group]
        longest = max((len(check.ulp_histogram) for check in chosen), default=0)
        for bin_ in range(1, longest):
            count = sum(c.ulp_histogram[bin_] for c in chosen if len(c.ulp_histogram) > bin_)
            if count:
                rows.append({"group": group, "ulp": _bin_name(bin_), "bin": bin_, "values": count})
    if not rows:
        return None
    return (
        alt.Chart({"values": rows})
        .mark_bar()
        .encode(
            x=alt.X("ulp:N", title="ULP", sort=alt.SortField("bin")),
            y=alt.Y("values:Q", title="values that differ", scale=alt.Scale(type="symlog")),
            color=alt.Color("group:N", title=None),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )


def _bin_name(bin_: int) -> str:
    low, high = 2 ** (bin_ - 1), 2**bin_ - 1
    return str(low) if low == high else f"{low} to {high}"


def _scatter(report: VerificationReport) -> Any:
    if report.sample is None or not report.sample.expected:
        return None
    pairs = zip(report.sample.expected, report.sample.found, strict=True)
    rows = [{"expected": expected, "found": found} for expected, found in pairs]
    return (
        alt.Chart({"values": rows})
        .mark_point(size=12, opacity=0.5)
        .encode(
            x=alt.X("expected:Q", title=f"reference, on '{report.sample.image}'"),
            y=alt.Y("found:Q", title="model"),
        )
        .properties(width=_HEIGHT, height=_HEIGHT)
    )


def svg(chart: Any) -> str:
    """Draws one of Altair's charts."""
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return drawn
