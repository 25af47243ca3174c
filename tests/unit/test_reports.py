"""The forms in which a report is written: JUnit, annotations, HTML."""

import re
import xml.etree.ElementTree as ET

import pytest
from support.reports import CAUSE, FAILED, PASSED, SKIPPED, WARNING, report

from exporter.errors import ExportError
from exporter.reports.annotations import annotations
from exporter.reports.html import html, number
from exporter.reports.junit import junit
from exporter.reports.write import check_report_dir, write
from exporter.verifier.report.records import Check, Output
from exporter.verifier.report.verification_report import VerificationReport


def test_junit_has_a_suite_a_group_and_a_case_a_check():
    root = ET.fromstring(junit(report(PASSED, FAILED, WARNING, SKIPPED)))
    counts = {s.get("name"): (s.get("tests"), s.get("failures"), s.get("skipped")) for s in root}
    assert counts == {
        "interface": ("2", "0", "2"),
        "weights": ("1", "0", "0"),
        "end points": ("1", "1", "0"),
    }
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("4", "1", "2")
    (failure,) = root.findall(".//failure")
    assert failure.get("message").startswith("expected 1,")
    assert "largest difference: 0.5 absolute, 0.25 relative, 4194304 ULP" in failure.text
    assert {s.get("message") for s in root.findall(".//skipped")} == {
        "warning: expected a map",
        "skipped: no logits",
    }


def test_annotations_are_escaped():
    error, warning = annotations(report(PASSED, FAILED, WARNING))
    assert error == (
        "::error title=end points%3A <layer> (batch 3)::expected 1,%0Afound 2: 50%25\x00"
    )
    assert warning == "::warning title=interface%3A R15::expected a map"


def test_annotations_count_what_is_not_shown():
    lines = list(annotations(report(*[FAILED] * 25)))
    assert len(lines) == 10
    assert lines[-1].endswith("and 16 more")


def test_html_escapes_and_shows_numbers():
    sample = Output(image="noise", expected=(1.0, 2.0), found=(1.0, 2.5))
    page = html(report(PASSED, FAILED, WARNING, causes=(CAUSE,), sample=sample))
    assert "model &amp; &lt;b&gt;" in page
    assert "<layer>" not in page
    assert page.count("<svg") == 3
    assert 'data-cause="BGR" data-explains="true"' in page
    for shown in ("4,194,304", "0.25", "1e-06"):
        assert f">{shown}<" in page


def test_cosines_are_shown_where_there_are_some():
    case = "photographs, batch 1, 'cat.jpg'"
    own = Check(group="outputs", name="logits", case=case, max_rel=0.1, cosine=0.98765, floor=0.98)
    beside = {"case": f"naive, {case}", "status": "warning", "cosine": 0.5, "max_rel": 0.9}
    page = html(report(own, own.model_copy(update=beside)))
    assert page.count(">least cosine</th>") == 1
    # Once in the summary, which leaves the naive one out, and once in its row.
    assert page.count(">0.9877</td>") == 2
    assert ">0.5000</td>" in page
    assert ">0.98</td>" in page
    assert ">least cosine</th>" not in html(report(PASSED))


def test_junit_says_what_cosine_was_wanted():
    check = Check(group="outputs", name="a", status="failed", cosine=0.5, floor=0.98, message="m")
    (failure,) = ET.fromstring(junit(report(check))).findall(".//failure")
    assert failure.text.startswith("m\nallowed: a cosine of at least 0.98\nleast cosine: 0.5,")


def test_the_chart_tells_careless_conversion_apart():
    own = Check(group="end points", name="net/layer_1", max_rel=0.1, cosine=0.99, floor=0.98)
    beside = own.model_copy(update={"case": "naive, layers", "max_rel": 0.9})
    assert ">naive</text>" in html(report(own, beside))
    assert ">naive</text>" not in html(report(own))


def test_a_naive_conversion_has_a_section_of_its_own():
    own = Check(group="outputs", name="logits", case="batch 1", cosine=0.99, floor=0.98)
    naive = own.model_copy(update={"case": "naive, batch 1", "status": "warning", "cosine": 0.5})
    page = html(report(own, naive, naive))
    assert "All 1 checks passed" in page
    assert 'id="remarkable"' not in page
    before, _, after = page.partition('<table id="naive">')
    assert "For comparison: a naive conversion" in before
    assert after.count('data-case="naive, batch 1"') == 2
    assert page.count('data-case="naive, batch 1"') == 2
    (row,) = re.findall('<tr data-group="outputs"><td>outputs</td><td class="n">(.*?)</td>', page)
    assert row == "1"
    assert 'id="naive"' not in html(report(own))
    root = ET.fromstring(junit(report(own, naive, naive)))
    assert (root.get("tests"), root.get("skipped")) == ("1", "0")


def test_html_of_a_passed_report_has_no_causes():
    page = html(report(PASSED))
    assert 'id="causes"' not in page
    assert 'class="verdict passed"' in page


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0.0, "0"), (0, "0"), (1e-7, "1e-07"), (1234567, "1,234,567"), (0.125, "0.125")],
)
def test_numbers(value, shown):
    assert number(value) == shown


def test_a_report_is_replaced_and_other_folders_are_not(tmp_path):
    write(report(PASSED), tmp_path / "report")
    write(report(FAILED), tmp_path / "report")
    files = {path.name for path in (tmp_path / "report").iterdir()}
    assert files == {"report.json", "report.html", "report.xml"}
    read = VerificationReport.model_validate_json((tmp_path / "report/report.json").read_text())
    assert read == report(FAILED)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").touch()
    with pytest.raises(ExportError, match=r"is not a report: expected 'report\.json'"):
        check_report_dir(tmp_path / "other")
