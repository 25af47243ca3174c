"""What a verification found, as it is written to `report.json`, and says of it in one line."""

from collections.abc import Sequence
from typing import Self

import pydantic

from exporter.errors import VerificationError, listing
from exporter.verifier.report.arithmetic import OpCounts
from exporter.verifier.report.forms import Line, OptionalDigest
from exporter.verifier.report.records import (
    GROUPS,
    Cause,
    Check,
    Group,
    Origin,
    Output,
    Record,
    Settings,
    Status,
)

# Reasons why checks were skipped; the report has all.
_MOST_REASONS = 3


class VerificationReport(Record):
    """All checks of one model.

    Attributes:
        settings: What was asked for.
        digest: SHA-256 over the names and contents of the model's files.
        reference_digest: The same of a reference SavedModel, or of a checkpoint's files.
        origin: Where the model came from; None where that is not known.
        versions: Of this tool and of TensorFlow.
        noise_conditions: Under which the reference's noise was measured; empty if it was not.
        checks: In the order in which the network computes, group by group.
        causes: Known mistakes that were tried, because something differed.
        sample: Values of the output for a plot.
        thumbnails: JPEG in base64, by name, of the first images and probes.
        ops: Of a converted file, in formats that can have numbers of eight bits.
    """

    settings: Settings
    digest: OptionalDigest = ""
    reference_digest: OptionalDigest = ""
    origin: Origin | None = None
    versions: dict[Line, Line] = pydantic.Field({})
    noise_conditions: tuple[str, ...] = ()
    checks: tuple[Check, ...]
    causes: tuple[Cause, ...] = ()
    sample: Output | None = None
    thumbnails: dict[str, str] = pydantic.Field({})
    ops: OpCounts | None = None

    @pydantic.model_validator(mode="after")
    def _is_as_exact_as_it_says(self) -> Self:
        exact = [check for check in self.with_status("passed") if not check.allowance]
        if self.settings.allowance == "exact" and (odd := [c for c in exact if c.differing]):
            raise ValueError(
                f"{odd[0].group} '{odd[0].title}' contradicts itself: expected equal bits, found"
                f" {odd[0].differing} values that differ beside 'passed'"
            )
        return self

    def with_status(self, *wanted: Status) -> tuple[Check, ...]:
        """Returns the checks that ended so, in order."""
        return tuple(check for check in self.checks if check.status in wanted)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return self.with_status("failed")

    @property
    def passed(self) -> bool:
        """Whether something was checked and nothing failed."""
        return any(check.holds for check in self.checks) and not self.failures

    @property
    def explanations(self) -> tuple[Cause, ...]:
        """The known mistakes that explain what differs."""
        return tuple(cause for cause in self.causes if cause.explains)

    def of_the_model(self) -> "VerificationReport":
        """Leaves out the checks of a naive conversion, which are there for comparison only."""
        own = tuple(check for check in self.checks if not check.naive)
        return self.model_copy(update={"checks": own})

    def by_group(self) -> dict[Group, tuple[Check, ...]]:
        """Returns the groups that have checks, in the order of `GROUPS`."""
        grouped = {g: tuple(c for c in self.checks if c.group == g) for g in GROUPS}
        return {group: checks for group, checks in grouped.items() if checks}

    def named(self, model: str, reference: str | None = None) -> "VerificationReport":
        """Returns the report with other names for the model and what it was compared with."""
        reference = self.settings.reference if reference is None else reference
        update = {"model_dir": model, "reference": reference}
        return self.model_copy(update={"settings": self.settings.model_copy(update=update)})

    def verdict(self) -> str:
        """Says in one line what passed, or where the model differs first."""
        named, reference = self.settings.subject, self.settings.reference
        if not self.checks:
            return f"{named} was not compared with {reference} at all."
        if self.passed:
            return _passing(self)
        skipped = self.with_status("skipped")
        if skipped == self.checks:
            return f"{named} was not compared with {reference}{_skipped_of(skipped)}."
        wrong = self.failures or self.checks
        first = wrong[0]
        if first.group == "outputs":
            # Where in the network it begins says more than what comes out.
            first = next((check for check in wrong if check.group == "end points"), first)
        others = [check for check in wrong if check is not first]
        text = f"{named} differs from {reference} first in {_sentence(first)}"
        if others:
            text += f"; also in {listing(map(_title, others))} of {len(self.checks)} checks"
        for cause in self.explanations:
            text += f". Likely cause: {cause.name}"
        return f"{text}."

    def raise_if_failed(self) -> None:
        """Raises for what failed, the first first.

        Raises:
            VerificationError: If not every check passed.
        """
        if not self.passed:
            what = "report this, with the checkpoint"
            if self.origin is not None and self.origin.variant.graph is not None:
                what = "see that the function builds the same each time, or report this with both"
            raise VerificationError(f"{self.verdict()} Nothing was written; {what}.")


def _passing(report: VerificationReport) -> str:
    """Says in one line that a report passed.

    Args:
        report: One that did.

    Returns:
        How many checks passed, which were skipped and why, and which gave a
        warning. Checks of a naive conversion are of another model, and not counted.
    """
    own = report.of_the_model().checks
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
    return f"{text}{_skipped_of(skipped)}."


def _skipped_of(checks: Sequence[Check]) -> str:
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


def _title(check: Check) -> str:
    return f"{check.group} '{check.title}'"


def _sentence(check: Check) -> str:
    return f"{_title(check)}: {check.message.rstrip('.') or 'it was skipped'}"
