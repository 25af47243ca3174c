"""`slim-export verify` at the terminal: what it prints, its exit status, and what it refuses."""

import json
import os
import shutil
import xml.etree.ElementTree as ET

import pytest
from support import short_network

from exporter.errors import InvalidArgumentError
from exporter.verification import VerifyRequest, verify

pytestmark = pytest.mark.integration

GRAPH = (f"--variant={short_network.VARIANT}", "--task=feature_vector", "--checkpoint=seeded:0")


@pytest.fixture
def refused(slim_export, small_export):
    """Verifies, and returns the one line that says why not."""

    def run(*flags, model=small_export, **options):
        result = slim_export("verify", f"--model_dir={model}", *flags, **options)
        assert result.returncode == 1, result.stderr
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("slim-export: ")
        assert line.endswith(".")
        return line

    return run


def damaged(model, target, damage):
    shutil.copytree(model, target)
    damage(target)
    return target


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


DAMAGES = {
    "no protobuf": (
        lambda m: (m / "saved_model.pb").unlink(),
        "is not a SavedModel: expected a folder with saved_model.pb, found fingerprint.pb, var",
    ),
    "half a protobuf": (lambda m: cut(m / "saved_model.pb"), "is damaged: expected a SavedModel's"),
    "no index": (lambda m: (m / "variables/variables.index").unlink(), "is incomplete: expected"),
    "half an index": (
        lambda m: cut(m / "variables/variables.index"),
        "is damaged: expected",
    ),
    "no data": (
        lambda m: (m / "variables/variables.data-00000-of-00001").unlink(),
        "is incomplete: expected variables/variables.data-*, found none",
    ),
    "half the data": (
        lambda m: cut(m / "variables/variables.data-00000-of-00001"),
        "is damaged: expected",
    ),
    "nothing": (shutil.rmtree, "is not a SavedModel: expected a folder with saved_"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_half_a_model(refused, small_export, tmp_path, damage):
    change, told = DAMAGES[damage]
    model = damaged(small_export, tmp_path / "m", change)
    line = refused(model=model)
    assert f"Model '{model}'" in line
    assert told in line


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--reference_dir=/none/m"], "Model '/none/m' is not a SavedModel"),
        (["--reference_dir=/none/m", *GRAPH], "There are two references"),
        ([*GRAPH[:2]], "The original graph is not given in full"),
        (["--allowance=noise"], "There is nothing to compare with"),
        (["--images=/none/*.jpg"], "Images '/none/*.jpg' are not there"),
        ([*GRAPH, "--inputs=/none/x.npz"], "Inputs '/none/x.npz' cannot be read: expected arrays"),
        ([*GRAPH, "--images=/none/*.jpg"], "Images '/none/*.jpg' are not there"),
        ([*GRAPH, "--allowance=some"], "Allowance 'some' is unknown: expected exact or noise"),
        ([*GRAPH, "--allowance=noise", "--atol=1"], "Two allowances are given"),
        ([*GRAPH, "--atol=-1"], "Tolerance -1 is out of range: expected 0 or more"),
        ([*GRAPH, "--rtol=nan"], "Tolerance nan is out of range"),
        ([*GRAPH, "--report_dir=."], "is the current folder or one above it"),
        (["--reference_dir=/none/m", "--image_size=64"], "A size is given without a network"),
        ([*GRAPH[1:], "--variant=mobilenet_v9"], "Variant 'mobilenet_v9' is unknown"),
    ],
)
def test_flags(refused, flags, told):
    assert told in refused(*flags)


def test_tolerances_that_would_not_count(tmp_path):
    with pytest.raises(InvalidArgumentError, match="beside tolerances, found 'exact'"):
        verify(VerifyRequest(tmp_path, reference_dir=tmp_path, atol=0.1))


def test_images_that_do_not_decode(refused, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    line = refused(*GRAPH, f"--images={tmp_path}/*.jpg")
    assert f"Photograph '{tmp_path}/a.jpg' cannot be decoded: expected JPEG, PNG" in line


def test_a_reference_of_another_size(refused, export, tmp_path):
    export(*VARIANT, tmp_path / "small", "--image_size=32", "--verify=false")
    line = refused(f"--reference_dir={tmp_path / 'small'}")
    assert "expected float32 (None, 32, 32, 3), found float32 (None, 64, 64, 3)" in line


VARIANT = (short_network.VARIANT, "feature_vector", "seeded:0")


def test_a_report_inside_a_model(refused, small_export):
    line = refused(*GRAPH, f"--report_dir={small_export}/assets/report")
    assert f"would lie in model '{small_export}'" in line


def test_a_report_does_not_replace_other_files(refused, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    line = refused(*GRAPH, f"--report_dir={tmp_path}")
    assert "is not a report" in line
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture(scope="module")
def failed(slim_export, export, tmp_path_factory):
    """An export of other weights, verified in a workflow."""
    folder = tmp_path_factory.mktemp("failed")
    export("toy_100_32", "feature_vector", "seeded:0", folder / "model", "--verify=false")
    result = slim_export(
        "verify",
        f"--model_dir={folder / 'model'}",
        *("--variant=toy_100_32", "--task=feature_vector", "--checkpoint=seeded:1"),
        f"--report_dir={folder / 'report'}",
        env={"GITHUB_ACTIONS": "true"},
    )
    return result, folder


def test_failure_names_the_first_difference(failed):
    result, _ = failed
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "slim-export: SavedModel differs from the original graph with checkpoint 'seeded:1' first"
        " in weights 'Toy/row_1/weights': at [0, 0, 0, 0] expected "
    )
    assert "row 1 of 11 of toy_100_32: conv 3x3" in line


def test_failure_shows_a_table_and_annotations(failed):
    lines = [s for s in failed[0].stdout.splitlines() if not s.startswith("Took ")]
    assert lines[-1] == f"Report  {failed[1] / 'report/report.html'}"
    assert lines[0] == "Compared with the original graph with checkpoint 'seeded:1':"
    weights = next(line for line in lines if line.startswith("weights"))
    assert weights.endswith(" failed")
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert "::error title=weights%3A Toy/row_1/weights::at [0, 0, 0, 0] expected" in errors[0]
    assert errors[-1].startswith("::error title=slim-export verify::and ")


def test_failure_is_in_all_reports(failed):
    report = json.loads((failed[1] / "report/report.json").read_text())
    wrong = [check for check in report["checks"] if check["status"] == "failed"]
    root = ET.fromstring((failed[1] / "report/report.xml").read_text())
    assert int(root.get("failures")) == len(wrong) == len(root.findall(".//failure"))
    assert int(root.get("tests")) == len(report["checks"]) == len(root.findall(".//testcase"))
    html = (failed[1] / "report/report.html").read_text()
    assert html.count('data-status="failed"') == len(wrong) + min(len(wrong), 200)


def test_rules_are_listed(slim_export):
    result = slim_export("verify", "--list_rules")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line[:3] for line in lines[1:28]] == [f"R{n:02}" for n in range(1, 28)]
    assert lines[29].split() == ["models", "with", "judged", "how,", "or", "why", "not"]
    listed = json.loads(slim_export("verify", "--list_rules", "--json").stdout)
    assert {rule["level"] for rule in listed["rules"]} == {"required", "recommended"}
    assert {kind["judged"] for kind in listed["models"]} == {"yes", "given", "no"}
    assert len(lines) == 1 + 27 + 1 + 1 + len(listed["models"])


def test_interface_alone(slim_export, small_export):
    result = slim_export("verify", f"--model_dir={small_export}")
    assert (result.returncode, result.stderr) == (0, "")
    told = "All 26 checks that apply passed against the interface's rules; 1 was skipped: interface"
    assert told in result.stdout
