"""What a check of a contract found: for people, as JSON, and for CI."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Annotated

import pydantic

from exporter.contract.contract_rules import (
    CONSUMERS,
    Consumer,
    ContractRule,
    Severity,
    contract_rules,
)
from exporter.contract.form import Part
from exporter.errors import listing
from exporter.reports.annotations import workflow_commands
from exporter.reports.junit import Case, document

_COMMAND = "contract check"


def _is_a_rule(number: str) -> str:
    if number not in contract_rules():
        raise ValueError(f"expected the number of a rule such as C39, found '{number}'")
    return number


def _not_in_the_future(date: dt.date) -> dt.date:
    if date > dt.date.today():
        raise ValueError(f"expected a day that has come, found {date}")
    return date


_Text = Annotated[str, pydantic.StringConstraints(strip_whitespace=True, min_length=1)]


class Acceptance(Part):
    """One deliberate change.

    Attributes:
        rule: Number of the rule that the difference falls under.
        subject: What differs, as the check prints it.
        reason: Why that is meant.
        date: When it was decided.
    """

    rule: Annotated[_Text, pydantic.AfterValidator(_is_a_rule)]
    subject: _Text
    reason: _Text
    date: Annotated[dt.date, pydantic.AfterValidator(_not_in_the_future)]

    @property
    def name(self) -> str:
        """Names the difference."""
        return f"{self.rule} {self.subject}"


class ContractDifference(Part):
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

    def breaks(self, consumer: Consumer | None) -> bool:
        """Returns whether it breaks something for a consumer, or for any."""
        classes = self.classes.values() if consumer is None else (self.classes[consumer],)
        return "BREAKING" in classes

    def fails(self, consumer: Consumer | None) -> bool:
        """Returns whether it breaks a consumer and was not accepted."""
        return self.accepted is None and self.breaks(consumer)

    @property
    def name(self) -> str:
        """Names it, as acceptances do."""
        return f"{self.rule} {self.subject}"

    @property
    def message(self) -> str:
        """Says in one line what differs, and for whom that breaks something."""
        broken = [consumer for consumer in CONSUMERS if self.classes[consumer] == "BREAKING"]
        text = f"{self.title}: expected {self.expected}, found {self.found}"
        text += f" (in {self.where})" if self.where else ""
        text += f". Breaks {', '.join(broken)}" if broken else ""
        return text + (f". Accepted: {self.accepted.reason}" if self.accepted else "")


class ContractDiff(Part):
    """All differences of one model.

    Attributes:
        consumer: Whom the check is for; None for all.
        differences: In the order of the rules.
    """

    consumer: Consumer | None = None
    differences: tuple[ContractDifference, ...]

    @property
    def failures(self) -> tuple[ContractDifference, ...]:
        """What breaks a consumer and was not accepted."""
        return tuple(d for d in self.differences if d.fails(self.consumer))

    @property
    def accepted_breaks(self) -> tuple[ContractDifference, ...]:
        """What breaks a consumer and was accepted."""
        return tuple(d for d in self.differences if d.accepted and d.breaks(self.consumer))

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
        told = [d.name for d in self.failures]
        return (
            f"Contract is broken for {whom}: {len(told)} of {len(self.differences)} differences"
            f" break it: {listing(told)}. Mend the model, or name what is meant in --accept."
        )

    def junit(self) -> bytes:
        """Makes one test case a rule; accepted breaks are skipped ones.

        Returns:
            UTF-8 XML.
        """
        cases = [self._case(rule) for rule in contract_rules().values()]
        return document(_COMMAND, {self.consumer or "any consumer": cases})

    def annotations(self) -> Iterator[str]:
        """Makes a workflow command of each break: an error, or a warning if it was accepted."""
        for command, differences in (("error", self.failures), ("warning", self.accepted_breaks)):
            messages = [(d.name, d.message) for d in differences]
            yield from workflow_commands(command, messages, f"slim-export {_COMMAND}")

    def _case(self, rule: ContractRule) -> Case:
        name = f"{rule.number} {rule.title}"
        if failures := [d for d in self.failures if d.rule == rule.number]:
            message = f"{len(failures)} times: {failures[0].subject}"
            return Case(name, failure=message, details=f"{_lines(failures)}\n{rule.reason}")
        if accepted := [d for d in self.accepted_breaks if d.rule == rule.number]:
            return Case(name, skipped=_lines(accepted))
        return Case(name)


def _lines(differences: Sequence[ContractDifference]) -> str:
    return "\n".join(f"{d.subject}: {d.message}" for d in differences)
