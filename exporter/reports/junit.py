"""Reports as JUnit XML, which every CI shows check by check."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from exporter.verifier.report.records import Check
from exporter.verifier.report.verification_report import VerificationReport

# What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case.

    Attributes:
        name: What was tested.
        failure: Why it failed; None if it did not.
        details: More about a failure.
        skipped: Why it says nothing; None if it does.
    """

    name: str
    failure: str | None = None
    details: str = ""
    skipped: str | None = None


def junit(report: VerificationReport) -> bytes:
    """Makes one test suite a group and one test case a check.

    Args:
        report: The report.

    Returns:
        UTF-8 XML. Warnings and skipped checks are skipped test cases, with their
        message. Checks of a naive conversion are left out: they are of another model.
    """
    grouped = report.of_the_model().by_group().items()
    suites: dict[str, list[Case]] = {group: [_case(c) for c in checks] for group, checks in grouped}
    return document("verify", suites)


def document(command: str, suites: Mapping[str, Sequence[Case]]) -> bytes:
    """Makes JUnit XML.

    Args:
        command: Which command's result it is.
        suites: Test cases by suite.

    Returns:
        UTF-8 XML.
    """
    cases = [case for suite in suites.values() for case in suite]
    root = ET.Element("testsuites", {"name": f"slim-export {command}"} | _counts(cases))
    for name, members in suites.items():
        suite = ET.SubElement(root, "testsuite", {"name": name} | _counts(members))
        for case in members:
            attributes = {"classname": f"{command}.{name}", "name": _clean(case.name)}
            element = ET.SubElement(suite, "testcase", attributes)
            if case.failure is not None:
                failure = ET.SubElement(element, "failure", {"message": _clean(case.failure)})
                failure.text = _clean(case.details)
            elif case.skipped is not None:
                ET.SubElement(element, "skipped", {"message": _clean(case.skipped)})
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failures = sum(case.failure is not None for case in cases)
    skipped = sum(case.skipped is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "skipped": str(skipped)}


def _case(check: Check) -> Case:
    if check.status == "failed":
        return Case(check.title, failure=check.message, details=_details(check))
    if check.status == "passed":
        return Case(check.title)
    return Case(check.title, skipped=f"{check.status}: {check.message}")


def _details(check: Check) -> str:
    if check.floor is not None:
        return (
            f"{check.message}\nallowed: a cosine of at least {check.floor:g}\nleast cosine:"
            f" {check.cosine}, largest difference: {check.max_abs} absolute, {check.max_rel}"
            " relative"
        )
    return (
        f"{check.message}\nallowed: {check.allowance:g} ({check.reason})\nlargest difference:"
        f" {check.max_abs} absolute, {check.max_rel} relative, {check.max_ulp} ULP"
    )


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
