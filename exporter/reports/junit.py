"""The report as JUnit XML, which every CI shows check by check."""

import re
from xml.etree import ElementTree as ET

from exporter.verify.report import Check, VerificationReport

# What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def junit(report: VerificationReport) -> bytes:
    """Makes one test suite a group and one test case a check.

    Args:
        report: The report.

    Returns:
        UTF-8 XML. Warnings and skipped checks are skipped test cases, with their message.
    """
    root = ET.Element("testsuites", {"name": "slim-export verify"} | _counts(report.checks))
    for group, checks in report.by_group().items():
        suite = ET.SubElement(root, "testsuite", {"name": group} | _counts(checks))
        for check in checks:
            attributes = {"classname": f"verify.{group}", "name": _clean(check.title)}
            case = ET.SubElement(suite, "testcase", attributes)
            if check.status == "failed":
                failure = ET.SubElement(case, "failure", {"message": _clean(check.message)})
                failure.text = _clean(_details(check))
            elif check.status != "passed":
                message = _clean(f"{check.status}: {check.message}")
                ET.SubElement(case, "skipped", {"message": message})
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _counts(checks: tuple[Check, ...]) -> dict[str, str]:
    failures = sum(check.status == "failed" for check in checks)
    skipped = sum(check.status in ("warning", "skipped") for check in checks)
    return {"tests": str(len(checks)), "failures": str(failures), "skipped": str(skipped)}


def _details(check: Check) -> str:
    return (
        f"{check.message}\nallowed: {check.allowance:g} ({check.reason})\nlargest difference:"
        f" {check.max_abs} absolute, {check.max_rel} relative, {check.max_ulp} ULP"
    )


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
