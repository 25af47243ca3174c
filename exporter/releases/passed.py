"""The passed report without which nothing is packaged."""

from pathlib import Path

import pydantic

from exporter import digests
from exporter.errors import PublishError, reason
from exporter.releases import archive, manifest
from exporter.verifier.report import kept as store
from exporter.verifier.report.records import Origin, VerificationReport

_ADVICE = (
    "Run 'slim-export verify' with --checkpoint, --variant and --task, and --report_dir if it is to"
    " be kept elsewhere."
)


def passed_report(model: Path, folder: Path | None = None) -> tuple[VerificationReport, Origin]:
    """Finds the report of a model, and refuses one that does not prove what it is.

    Args:
        model: The SavedModel.
        folder: Where the report lies; None for the one that was kept when the
            model was verified.

    Returns:
        The report, and where it says that the model came from.

    Raises:
        PublishError: If there is none, or none of these bytes, none that is
            passed, or none that says where the model came from.
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
            f" none. {_ADVICE}"
        )
    whose = f"Report '{folder}'" if folder else f"The kept report of '{model}'"
    if report.digest != digest:
        raise PublishError(
            f"{whose} is of another model: expected sha256 {digest}, found"
            f" {report.digest or 'none'}. {_ADVICE}"
        )
    if not report.passed:
        raise PublishError(
            f"{whose} is not passed: expected no failures, found {len(report.failures)} in"
            f" {len(report.checks)} checks. Package a model that passes."
        )
    if report.origin is None:
        raise PublishError(
            f"{whose} does not say where the model came from: expected a comparison with the"
            f" original graph, found one with {report.settings.reference}. {_ADVICE}"
        )
    return report, report.origin


def _read_report(folder: Path) -> VerificationReport:
    path = folder / manifest.REPORT
    try:
        return VerificationReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublishError(
            f"Report '{path}' cannot be read: {reason(error)}. Check --report_dir."
        ) from error
    except pydantic.ValidationError as error:
        raise PublishError(
            f"Report '{path}' cannot be read: it is no report of this version. {_ADVICE}"
        ) from error
