"""The result of a check for CI: test cases, and annotations of a GitHub workflow."""

from collections.abc import Iterator

from exporter.contract.report import ContractDiff, Difference
from exporter.contract.rules import Rule
from exporter.contract.table import RULES
from exporter.reports.annotations import workflow_commands
from exporter.reports.junit import Case, document

_COMMAND = "contract check"


def junit(diff: ContractDiff) -> bytes:
    """Makes one test case a rule; accepted breaks are skipped ones.

    Returns:
        UTF-8 XML.
    """
    suite = diff.consumer or "any consumer"
    return document(_COMMAND, {suite: [_case(rule, diff) for rule in RULES.values()]})


def annotations(diff: ContractDiff) -> Iterator[str]:
    """Makes an error of each break, and a warning of each that was accepted."""
    for command, differences in (("error", diff.failures), ("warning", diff.accepted_breaks)):
        messages = [(f"{d.rule} {d.subject}", d.message) for d in differences]
        yield from workflow_commands(command, messages, f"slim-export {_COMMAND}")


def _case(rule: Rule, diff: ContractDiff) -> Case:
    name = f"{rule.number} {rule.title}"
    if failures := [d for d in diff.failures if d.rule == rule.number]:
        details = f"{_lines(failures)}\n{rule.reason}"
        return Case(name, failure=f"{len(failures)} times: {failures[0].subject}", details=details)
    if accepted := [d for d in diff.accepted_breaks if d.rule == rule.number]:
        return Case(name, skipped=_lines(accepted))
    return Case(name)


def _lines(differences: list[Difference]) -> str:
    return "\n".join(f"{d.subject}: {d.message}" for d in differences)
