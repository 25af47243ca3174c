"""What a report says of passed and failed checks."""

import json
import subprocess
import sys
from pathlib import Path

import pydantic
import pytest
from support.reports import CAUSE, FAILED, PASSED, SKIPPED, WARNING, report

from checkpoints.names import RestoreOptions
from exporter.errors import VerificationError
from exporter.verifier.report.records import Check, Origin
from exporter.verifier.report.verification_report import VerificationReport
from slim_nets.graph_network import GraphFunction
from slim_nets.registry import ImageSize, Variant


def test_passed():
    assert report(PASSED).passed
    report(PASSED).raise_if_failed()


def test_warnings_and_skipped_checks_do_not_fail():
    assert report(PASSED, WARNING, SKIPPED).passed


def test_all_passed():
    assert report(PASSED, PASSED).verdict() == "All 2 checks passed against the original."


def test_what_was_skipped_is_named_with_its_reason():
    other = SKIPPED.model_copy(update={"name": "R21"})
    third = SKIPPED.model_copy(update={"group": "dropout", "message": "no dropout."})
    assert report(PASSED, SKIPPED).verdict() == (
        "All 1 checks that apply passed against the original; 1 was skipped: interface 'R20' (no"
        " logits)."
    )
    said = report(PASSED, SKIPPED, other, third).verdict()
    assert said.endswith(
        "; 3 were skipped: interface 'R20', interface 'R21' (no logits); dropout 'R20' (no"
        " dropout)."
    )


def test_warnings_are_not_counted_as_passed():
    assert report(PASSED, WARNING).verdict() == (
        "1 of 2 checks passed against the original, none failed; 1 gave a warning: interface 'R15'."
    )


def test_a_naive_conversion_is_not_counted_at_all():
    """It is there for comparison, and its warnings are of another model."""
    naive = WARNING.model_copy(update={"case": "naive, batch 1"})
    assert report(PASSED, naive, naive).verdict() == report(PASSED).verdict()


WIDE = Check(
    group="outputs",
    name="y",
    status="warning",
    values=3,
    differing=3,
    max_abs=0.05,
    allowance=0.2,
    message="the allowance is wide, on 'zeros'",
)


def test_what_is_within_a_wide_allowance_was_compared():
    assert report(WIDE, SKIPPED).passed
    beyond = WIDE.model_copy(update={"max_abs": 0.5})
    naive = WIDE.model_copy(update={"case": "naive, probes"})
    for other in (beyond, naive, WARNING):
        assert not report(other).passed


@pytest.mark.parametrize("checks", [(), (SKIPPED,)])
def test_nothing_compared_is_not_passed(checks):
    assert not report(*checks).passed
    with pytest.raises(VerificationError):
        report(*checks).raise_if_failed()


def test_failure_names_the_first_and_counts_the_others():
    other = Check(group="training", name="c", status="failed", message="expected it")
    with pytest.raises(
        VerificationError,
        match=r"differs from the original first in end points '<layer> \(batch 3\)': expected 1,\n"
        r"found 2: 50%\x00; also in training 'c' of 3 checks. Likely cause: BGR",
    ):
        report(PASSED, FAILED, other, causes=(CAUSE,)).raise_if_failed()


def test_groups_come_in_the_order_in_which_people_read_them():
    assert list(report(FAILED, PASSED, WARNING).by_group()) == [
        "interface",
        "weights",
        "end points",
    ]


def test_report_survives_json():
    whole = report(PASSED, FAILED, causes=(CAUSE,))
    assert VerificationReport.model_validate_json(whole.model_dump_json()) == whole


@pytest.mark.parametrize(
    "numbers",
    [
        {"differing": 1_000_000},
        {"differing": 1_000_000, "values": 2_000_000},
        {"differing": 1, "max_abs": 0.5, "allowance": 0.25},
        {"differing": 1, "max_abs": None},
        {"cosine": 0.5, "floor": 0.99},
        {"floor": 0.99},
        {"values": -1},
        {"differing": -1},
        {"max_abs": -0.5},
        {"max_ulp": -1},
    ],
)
def test_what_passed_has_the_numbers_of_what_passed(numbers):
    told = report(PASSED).model_dump()
    told["checks"][0].update(numbers)
    with pytest.raises(pydantic.ValidationError):
        VerificationReport.model_validate(told)
    told["checks"][0].update(status="failed")
    if min(n for n in numbers.values() if n is not None) >= 0:
        assert not VerificationReport.model_validate(told).passed


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint_sha256": "c" * 64 + "\n<!-- fine-tunable: true -->"},
        {"checkpoint": "a\n<!-- dataset: b -->"},
        {"variant": {"family": "mobilenet", "depth_multiplier": 1, "image_size": [-1, 224]}},
        {"variant": {"family": "a\nb", "depth_multiplier": 1, "image_size": [224, 224]}},
        {"variant": {"family": "mobilenet", "depth_multiplier": -1, "image_size": [224, 224]}},
    ],
)
def test_fields_have_their_form(change):
    known = {
        "variant": {"family": "mobilenet", "depth_multiplier": 1, "image_size": [224, 224]},
        "task": "feature_vector",
        "checkpoint": "model-5",
        "checkpoint_sha256": "c" * 64,
        "published": False,
        "trained": True,
        "restoring": {},
    }
    assert Origin.model_validate(known).checkpoint == "model-5"
    with pytest.raises(pydantic.ValidationError):
        Origin.model_validate(known | change)


def test_unknown_fields_are_refused():
    with pytest.raises(pydantic.ValidationError):
        VerificationReport.model_validate({**report(PASSED).model_dump(), "strange": 1})


def test_schema_is_the_committed_one():
    """A change of the report's form is seen in review; BUILD.md says how to renew it."""
    path = Path(__file__).parents[1] / "golden/report.schema.json"
    assert json.loads(path.read_text()) == VerificationReport.model_json_schema()


def test_schema_is_printed_without_tensorflow():
    """And as it is committed, to the byte."""
    program = (
        "import sys; from exporter.__main__ import main\n"
        "sys.argv = ['slim-export', 'verify', '--report_schema']\n"
        "try: main()\n"
        "finally: sys.stderr.write(str('tensorflow' in sys.modules))"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "False")
    path = Path(__file__).parents[1] / "golden/report.schema.json"
    assert result.stdout == path.read_text()


def test_a_function_may_build_another_network_each_time():
    origin = Origin(
        variant=Variant("net", 1.0, ImageSize(8, 8), graph=GraphFunction("nets:net")),
        task="classification",
        checkpoint="seeded:0",
        checkpoint_sha256="c" * 64,
        published=False,
        trained=False,
        restoring=RestoreOptions(),
    )
    with pytest.raises(VerificationError, match="see that the function builds the same each time"):
        report(FAILED, origin=origin).raise_if_failed()
