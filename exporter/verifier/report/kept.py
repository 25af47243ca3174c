"""Keeps passed reports in the user's cache, so that a verified model can be packaged later."""

from pathlib import Path

import pydantic
from absl import logging

from exporter.archives import CACHE_VARIABLE, cache_dir, make_cache_folder
from exporter.errors import reason
from exporter.progress import Remark
from exporter.staging import write_whole
from exporter.verifier.report.verification_report import VerificationReport


def place(digest: str) -> Path:
    """Returns where the report of a model is kept, or would be."""
    return cache_dir() / "reports" / f"{digest}.json"


def put(report: VerificationReport, remark: Remark = logging.warning) -> None:
    """Keeps a passed report, in place of an older one of the same bytes that says no more.

    One that says where the model came from says most, and one of rules alone least.
    A cache that cannot be written is only remarked upon.

    Args:
        report: Of a comparison, or of rules alone.
        remark: Told why it cannot be kept, and what to do, if it cannot.
    """
    if not report.passed or not report.digest:
        return
    there = find(report.digest)
    if there is not None and _weight(there) > _weight(report):
        return
    path = place(report.digest)
    try:
        make_cache_folder(path.parent)
        text = report.model_dump_json(indent=1) + "\n"
        write_whole(path, text.encode(), overwrite=True)
    except OSError as error:
        remark(
            f"Verification of '{report.settings.model_dir}' cannot be kept for 'slim-export"
            f" package': expected a folder '{path.parent}' that can be written, found:"
            f" {reason(error)}. Set {CACHE_VARIABLE} to another folder and verify again, or package"
            " with a --report_dir that 'slim-export verify' has written."
        )


def _weight(report: VerificationReport) -> tuple[bool, bool]:
    """Orders reports by what they say of where a model came from, or what it equals."""
    return report.origin is not None, bool(report.reference_digest)


def find(digest: str) -> VerificationReport | None:
    """Finds the report of a model.

    Args:
        digest: Of the model's folder.

    Returns:
        The report; None if there is none, or none that can be read.
    """
    try:
        return VerificationReport.model_validate_json(place(digest).read_bytes())
    except (OSError, pydantic.ValidationError):
        return None
