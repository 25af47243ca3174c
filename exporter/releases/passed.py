"""The passed report without which nothing is packaged."""

from pathlib import Path

import pydantic

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter import digests
from exporter.errors import PublishError, listing, reason
from exporter.releases import archive, manifest
from exporter.verifier.report import kept as store
from exporter.verifier.report.records import GROUPS
from exporter.verifier.report.verification_report import VerificationReport

# Only a verification computes gradients, and a network need not have moving averages.
ALWAYS_COMPARED: frozenset[str] = frozenset(GROUPS) - {"gradients", "SGD step", "moving averages"}

ADVICE = (
    "Run 'slim-export verify' with --checkpoint, --variant and --task, or for a model that is none"
    " of our networks with --reference_dir or alone, and --report_dir if it is to be kept"
    " elsewhere."
)


def passed_report(model: Path, folder: Path | None = None) -> VerificationReport:
    """Finds the report of a model, and refuses one that does not prove what it is.

    Args:
        model: The SavedModel.
        folder: Where the report lies; None for the one that was kept when the
            model was verified.

    Returns:
        The report.

    Raises:
        PublishError: If there is none, or none of these bytes, none that is passed, or of one of
            our networks none that says where the model came from.
    """
    archive.members(model)  # before a folder of anything at all is read to its end
    try:
        digest = digests.of_folder(model)
    except OSError as error:
        raise archive.unreadable(model, error) from error
    report = store.find(digest) if folder is None else _read_report(folder)
    if report is None:
        raise PublishError(
            f"SavedModel '{model}' has no passed report: expected one for sha256 {digest}, found"
            f" none. {ADVICE}"
        )
    whose = f"Report '{folder}'" if folder else f"The kept report of '{model}'"
    if report.digest != digest:
        raise PublishError(
            f"{whose} is of another model: expected sha256 {digest}, found"
            f" {report.digest or 'none'}. {ADVICE}"
        )
    if not report.passed:
        raise PublishError(
            f"{whose} is not passed: expected no failures, found {len(report.failures)} in"
            f" {len(report.checks)} checks. Package a model that passes."
        )
    check_comparison(report, whose)
    if report.origin is None and report.settings.variant:
        raise PublishError(
            f"{whose} does not say where the model came from: expected a comparison with the"
            f" original graph, found one with {report.settings.reference}. {ADVICE}"
        )
    return report


def _read_report(folder: Path) -> VerificationReport:
    path = folder / manifest.REPORT
    if is_pointer(path):
        raise PublishError(f"Report '{path}' {IS_POINTER}")
    try:
        return VerificationReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublishError(
            f"Report '{path}' cannot be read: {reason(error)}. Check --report_dir."
        ) from error
    except pydantic.ValidationError as error:
        raise PublishError(
            f"Report '{path}' cannot be read: it is no report of this version:"
            f" {wrong_form(error)}. {ADVICE}"
        ) from error


def wrong_form(error: pydantic.ValidationError) -> str:
    """Says in one line where a file has another form than ours."""
    first = error.errors(include_url=False)[0]
    return f"in {'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"


def check_comparison(report: VerificationReport, whose: str) -> None:
    """Refuses a report that says "passed" and does not hold what a passed comparison holds.

    Args:
        report: One that passed.
        whose: What it is called in the sentence.

    Raises:
        PublishError: If a group of checks is missing, or a warning has numbers of a failure.
    """
    missing = ALWAYS_COMPARED - {check.group for check in report.with_status("passed")}
    if missing and report.origin is not None:
        raise PublishError(
            f"{whose} is not of a whole comparison: expected passed checks of every kind, found"
            f" none of {listing(missing)}. {ADVICE}"
        )
    if odd := [check.title for check in report.with_status("warning") if not check.within]:
        raise PublishError(
            f"{whose} contradicts itself: expected numbers within their allowance, found others in"
            f" {listing(odd)}. {ADVICE}"
        )
