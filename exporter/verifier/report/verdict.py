"""Says in one line what came of a verification."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from exporter.errors import listing

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check, VerificationReport

# What is said of checks that neither passed nor failed.
_BESIDE = {"warning": "with a warning", "skipped": "skipped"}


def verdict_of(report: "VerificationReport") -> str:
    """Says what passed, or where the model differs first."""
    named = report.settings.subject
    if not report.checks:
        return f"{named} was not compared with {report.settings.reference} at all."
    if report.passed:
        return _passed(report)
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


def _passed(report: "VerificationReport") -> str:
    counts = Counter(check.status for check in report.checks)
    others = ", ".join(f"{counts[s]} {told}" for s, told in _BESIDE.items() if counts[s])  # type: ignore[index]
    against = f"passed against {report.settings.reference}"
    if not others:
        return f"All {counts['passed']} checks {against}."
    return f"{counts['passed']} of {len(report.checks)} checks {against}; {others}."


def _sentence(check: "Check") -> str:
    return f"{check.group} '{check.title}': {check.message.rstrip('.') or 'it was skipped'}"


def _titles(checks: Iterable["Check"]) -> Iterable[str]:
    return (f"{check.group} '{check.title}'" for check in checks)
