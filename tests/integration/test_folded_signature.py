"""A model with `serving_folded` is verified, packaged, rebuilt, and no break of a contract."""

import json

import pytest
from support import short_network

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("folded signature")]

TASK = "feature_vector"
FOLDED = "signature 'serving_folded'"


@pytest.fixture(scope="module")
def folded(export, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folded") / "model"
    said = export(short_network.VARIANT, TASK, "seeded:0", folder, "--folded_signature")
    assert said["verification"]["passed"]
    checks = said["verification"]["checks"]
    cases = {c["case"]: c for c in checks if (c["group"], c["name"]) == ("outputs", FOLDED)}
    assert set(cases) == {"batch 1", "batch 3", "moved weights"}
    for check in cases.values():
        assert 0 < check["max_abs"] <= check["allowance"]
        assert check["reason"].startswith("batch norms folded, other roundings")
    others = [check for check in checks if check not in cases.values()]
    assert not any(check["differing"] or check["allowance"] for check in others)
    return folder


def test_release(folded, slim_export, tmp_path):
    handle = f"--handle=google/imagenet/{short_network.VARIANT}/{TASK}/5"
    release = tmp_path / "release"
    flags = (f"--model_dir={folded}", f"--output_dir={release}", handle)
    result = slim_export("package", *flags)
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads((release / "manifest.json").read_text())
    assert told["rebuild"].endswith(" --folded_signature")
    assert told["verification"]["differing"] == 0
    assert 0 < told["verification"]["folded_max_rel"] < 1e-4
    assert "The signature `serving_folded` is apart" in (release / "5.md").read_text()
    report = json.loads((release / "report.json").read_text())
    assert FOLDED in {check["name"] for check in report["checks"]}


def test_contract(folded, small_export, slim_export, tmp_path):
    """Adding the signature breaks nobody; taking it away does."""
    for old, new, status in ((small_export, folded, 0), (folded, small_export, 1)):
        lock = tmp_path / f"{status}.json"
        assert slim_export("contract", "lock", f"--model_dir={old}", f"--lock={lock}").stderr == ""
        flags = (f"--model_dir={new}", f"--lock={lock}", "--json")
        result = slim_export("contract", "check", *flags)
        assert result.returncode == status, result.stdout
        differences = json.loads(result.stdout)["differences"]
        found = {d["rule"]: set(d["classes"].values()) for d in differences}
        # Its ops and functions are told of as well.
        assert ("BREAKING" in found["C14" if status else "C15"]) == bool(status)
