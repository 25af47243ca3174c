"""Says what passed, and names what a passed report does not vouch for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exporter.errors import listing

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check, VerificationReport

# Reasons why checks were skipped; the report has all.
_MOST_REASONS = 3


def passing(report: "VerificationReport") -> str:
    """Says in one line that a report passed.

    Args:
        report: One that did.

    Returns:
        How many checks passed, which were skipped and why, and which gave a
        warning. Checks of a naive conversion are of another model, and not counted.
    """
    own = of_the_model(report).checks
    passed, warned, skipped = (
        [check for check in own if check.status == status]
        for status in ("passed", "warning", "skipped")
    )
    which = " that apply" if skipped else ""
    against = f"passed against {report.settings.reference}"
    if warned:
        text = f"{len(passed)} of {len(own) - len(skipped)} checks{which} {against}, none failed"
        text += f"; {len(warned)} gave a warning: {listing(_title(c) for c in warned)}"
    else:
        text = f"All {len(passed)} checks{which} {against}"
    return f"{text}{skipped_of(skipped)}."


def of_the_model(report: "VerificationReport") -> "VerificationReport":
    """Leaves out the checks of a naive conversion, which are there for comparison only."""
    own = tuple(check for check in report.checks if not check.naive)
    return report.model_copy(update={"checks": own})


def skipped_of(checks: Sequence["Check"]) -> str:
    """Names what was skipped, reason by reason, behind a semicolon; empty if nothing was."""
    if not checks:
        return ""
    by_reason: dict[str, list[Check]] = {}
    for check in checks:
        by_reason.setdefault(check.message.rstrip(".") or "no reason given", []).append(check)
    told = [f"{listing(map(_title, named))} ({reason})" for reason, named in by_reason.items()]
    more = len(told) - _MOST_REASONS
    others = f"; and for {more} other reasons" if more > 0 else ""
    was = "was" if len(checks) == 1 else "were"
    return f"; {len(checks)} {was} skipped: {'; '.join(told[:_MOST_REASONS])}{others}"


def _title(check: "Check") -> str:
    return f"{check.group} '{check.title}'"
