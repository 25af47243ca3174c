"""Writes all forms of a report into one folder."""

from pathlib import Path

from exporter.reports.html import html
from exporter.reports.junit import junit
from exporter.staging import REPORT, check_target, errors_of, staged
from exporter.verifier.report.verification_report import VerificationReport


def check_report_dir(folder: Path) -> None:
    """Refuses a folder before a long verification, not after it.

    Raises:
        ExportError: If something is there that is no report.
    """
    check_target(folder.absolute(), overwrite=True, kind=REPORT)


def write(report: VerificationReport, folder: Path) -> None:
    """Writes `report.json`, `report.html` and `report.xml`, all in one step.

    Args:
        report: The report.
        folder: Where they are to appear; a report that is there is replaced.

    Raises:
        ExportError: If they cannot be written.
    """
    place = folder.absolute()
    with staged(place, overwrite=True, kind=REPORT) as stage, errors_of(place, REPORT):
        write_into(report, stage.model)


def write_into(report: VerificationReport, folder: Path) -> None:
    """Writes the three files into a folder of somebody else's."""
    (folder / "report.json").write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    (folder / "report.html").write_text(html(report), "utf-8")
    (folder / "report.xml").write_bytes(junit(report))
