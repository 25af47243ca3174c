"""An evaluation as one HTML file that opens offline."""

from importlib import resources

from exporter.evaluating.evaluation_plots import plots
from exporter.reports.evaluation_record import Evaluation
from exporter.reports.html import rendered
from exporter.reports.percents import between, percent


def page_of(found: Evaluation) -> str:
    """Renders an evaluation.

    Args:
        found: What was found.

    Returns:
        A page without scripts and without references to anything outside of it.
    """
    template = resources.files(__package__).joinpath("evaluation.html.j2").read_text("utf-8")
    return rendered(template, found=found, charts=plots(found), percent=percent, between=between)
