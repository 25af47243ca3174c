"""The report as one HTML file that opens offline."""

from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup, escape

from exporter.reports.charts import charts
from exporter.verifier.report.records import Check
from exporter.verifier.report.verification_report import VerificationReport


def html(report: VerificationReport) -> str:
    """Renders a report.

    Args:
        report: The report.

    Returns:
        A page without scripts and without references to anything outside of it.
    """
    template = resources.files(__package__).joinpath("report.html.j2").read_text("utf-8")
    return rendered(
        template,
        report=report,
        charts=charts(report),
        groups=report.of_the_model().by_group(),
        naive=[check for check in report.checks if check.naive],
        worst=_worst,
        least=_least_cosine,
    )


def rendered(template: str, **values: Any) -> str:
    """Fills a page's template, in which a name that is not given is an error."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["breakable"] = breakable
    environment.filters["number"] = number
    environment.filters["angle"] = angle
    return environment.from_string(template).render(values)


def breakable(name: str) -> Markup:
    """Lets the name of a variable or an end point be broken after slashes, and not elsewhere."""
    return escape(name).replace("/", Markup("/<wbr>"))


def number(value: float | None) -> str:
    """Writes a measured number as the page shows it: empty where there is none."""
    if value is None:
        return ""
    return "0" if value == 0 else f"{value:.3g}" if isinstance(value, float) else f"{value:,}"


def angle(cosine: float | None) -> str:
    """Writes a cosine: those of interest are all near 1."""
    return "" if cosine is None else f"{cosine:.4f}"


def _least_cosine(checks: tuple[Check, ...]) -> float | None:
    found = [check.cosine for check in checks]
    return min((cosine for cosine in found if cosine is not None), default=None)


def _worst(checks: tuple[Check, ...], field: str) -> float | None:
    values = [getattr(check, field) for check in checks]
    return max((value for value in values if value is not None), default=None)
