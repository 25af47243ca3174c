"""Says in one line what came of a verification."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from exporter.errors import listing
from exporter.verifier.report.passing import passing, skipped_of

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check, VerificationReport


def verdict_of(report: "VerificationReport") -> str:
    """Says what passed, or where the model differs first."""
    named = report.settings.subject
    if not report.checks:
        return f"{named} was not compared with {report.settings.reference} at all."
    if report.passed:
        return passing(report)
    skipped = report.with_status("skipped")
    if skipped == report.checks:
        return f"{named} was not compared with {report.settings.reference}{skipped_of(skipped)}."
    wrong = report.failures or report.checks
    first = wrong[0]
    if first.group == "outputs":
        # Where in the network it begins says more than what comes out.
        first = next((check for check in wrong if check.group == "end points"), first)
    others = [check for check in wrong if check is not first]
    text = f"{named} differs from {report.settings.reference} first in {_sentence(first)}"
    if others:
        text += f"; also in {listing(_titles(others))} of {len(report.checks)} checks"
    for cause in report.explanations:
        text += f". Likely cause: {cause.name}"
    return f"{text}."


def _sentence(check: "Check") -> str:
    return f"{check.group} '{check.title}': {check.message.rstrip('.') or 'it was skipped'}"


def _titles(checks: Iterable["Check"]) -> Iterable[str]:
    return (f"{check.group} '{check.title}'" for check in checks)
