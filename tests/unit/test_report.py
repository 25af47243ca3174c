"""What a report says of passed and failed checks."""

import pytest

from exporter.errors import VerificationError
from exporter.verify.report import Check, VerificationReport

PASSED = Check(group="weights", name="a", values=3)
FAILED = Check(group="end points", name="b", values=3, differing=1, message="expected 1, found 2")


def test_passed():
    report = VerificationReport(reference="the original", checks=(PASSED,))
    assert report.passed
    report.raise_if_failed()


def test_nothing_compared_is_not_passed():
    report = VerificationReport(reference="the original", checks=())
    assert not report.passed
    with pytest.raises(VerificationError, match="was not compared"):
        report.raise_if_failed()


def test_failure_names_the_first_and_counts_the_others():
    other = Check(group="training", name="c", values=3, differing=1, message="expected it")
    report = VerificationReport(reference="the original", checks=(PASSED, FAILED, other))
    with pytest.raises(
        VerificationError,
        match="differs from the original first in end points 'b': expected 1, found 2;"
        " also in training 'c' of 3 checks",
    ):
        report.raise_if_failed()


def test_report_survives_json():
    report = VerificationReport(reference="the original", checks=(PASSED, FAILED))
    assert VerificationReport.model_validate_json(report.model_dump_json()) == report
