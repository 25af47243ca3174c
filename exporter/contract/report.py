"""What a check of a contract found, as it is printed."""

import datetime as dt
from typing import Annotated

import pydantic

from exporter.contract.rules import CONSUMERS, Consumer, Severity
from exporter.errors import listing

_Text = Annotated[str, pydantic.StringConstraints(strip_whitespace=True, min_length=1)]


class Record(pydantic.BaseModel, frozen=True, extra="forbid", strict=True):
    """A part of the result: unchangeable, and without unknown fields."""


class Acceptance(Record):
    """One deliberate change.

    Attributes:
        rule: Number of the rule that the difference falls under.
        subject: What differs, as the check prints it.
        reason: Why that is meant.
        date: When it was decided.
    """

    rule: _Text
    subject: _Text
    reason: _Text
    date: dt.date


class Difference(Record):
    """One difference.

    Attributes:
        rule: Number of its rule.
        title: What the rule says.
        subject: What differs; acceptances name it.
        expected: What is locked.
        found: What the model has.
        where: In which traces, where it is about some.
        classes: By consumer.
        accepted: By what it was accepted, if it was.
    """

    rule: str
    title: str
    subject: str
    expected: str
    found: str
    where: str = ""
    classes: dict[Consumer, Severity]
    accepted: Acceptance | None = None

    def worst(self, consumer: Consumer | None) -> Severity:
        """Returns its class for a consumer, or for the one who has the worst."""
        classes = set(self.classes.values()) if consumer is None else {self.classes[consumer]}
        order: tuple[Severity, ...] = ("BREAKING", "COMPATIBLE")
        return next((severity for severity in order if severity in classes), "COSMETIC")

    def fails(self, consumer: Consumer | None) -> bool:
        """Returns whether it breaks a consumer and was not accepted."""
        return self.accepted is None and self.worst(consumer) == "BREAKING"

    @property
    def message(self) -> str:
        """Says in one line what differs, and for whom that breaks something."""
        broken = [consumer for consumer in CONSUMERS if self.classes[consumer] == "BREAKING"]
        text = f"{self.title}: expected {self.expected}, found {self.found}"
        text += f" (in {self.where})" if self.where else ""
        text += f". Breaks {', '.join(broken)}" if broken else ""
        return text + (f". Accepted: {self.accepted.reason}" if self.accepted else "")


class ContractDiff(Record):
    """All differences of one model.

    Attributes:
        consumer: Whom the check is for; None for all.
        differences: In the order of the rules.
    """

    consumer: Consumer | None = None
    differences: tuple[Difference, ...]

    @property
    def failures(self) -> tuple[Difference, ...]:
        """What breaks a consumer and was not accepted."""
        return tuple(d for d in self.differences if d.fails(self.consumer))

    @property
    def accepted_breaks(self) -> tuple[Difference, ...]:
        """What breaks a consumer and was accepted."""
        return tuple(
            d for d in self.differences if d.accepted and d.worst(self.consumer) == "BREAKING"
        )

    @property
    def passed(self) -> bool:
        """Whether nothing breaks that was not accepted."""
        return not self.failures

    def verdict(self) -> str:
        """Says in one line what came of it."""
        whom = self.consumer or "any consumer"
        if self.passed:
            accepted = sum(d.accepted is not None for d in self.differences)
            return (
                f"Contract is kept for {whom}: {len(self.differences)} differences,"
                f" {accepted} of them accepted, none that breaks."
            )
        told = [f"{d.rule} {d.subject}" for d in self.failures]
        return (
            f"Contract is broken for {whom}: {len(told)} of {len(self.differences)} differences"
            f" break it: {listing(told)}. Mend the model, or name what is meant in --accept."
        )
