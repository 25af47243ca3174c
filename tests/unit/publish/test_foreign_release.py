"""Releases of models that are none of our networks: their pages say what was compared with what."""

import json
import shutil

import pytest
from support import foreign_signatures as foreign
from support import handmade

from exporter import digests
from exporter.errors import PublishError
from exporter.releases import handle
from exporter.releases.page_code import code_blocks
from exporter.releases.targets.target import version_notes
from exporter.releases.verify_release import verify_release
from exporter.releases.writing import PackageRequest
from exporter.releasing import package
from exporter.verification import VerifyRequest, verify
from exporter.verifier.report import kept as store

HANDLE = handle.parse("somebody/scores/2")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return foreign.dense(tmp_path_factory.mktemp("foreign") / "model")


@pytest.fixture(scope="module")
def reusable(tmp_path_factory):
    """A model that keeps the rules, which one of signatures alone cannot."""
    return handmade.save(tmp_path_factory.mktemp("reusable") / "model")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))


def released(model, folder):
    return package(PackageRequest(model, HANDLE, folder)).folder


@pytest.fixture
def of_rules(reusable, tmp_path):
    assert verify(VerifyRequest(reusable)).passed
    return released(reusable, tmp_path / "release")


@pytest.fixture
def compared(model, tmp_path):
    copy = shutil.copytree(model, tmp_path / "reference")
    assert verify(VerifyRequest(model, reference_dir=copy)).passed
    return released(model, tmp_path / "release")


def problems(folder):
    return [(problem.what, problem.detail) for problem in verify_release(folder).problems]


def test_rules_alone_are_enough(of_rules):
    page = (of_rules / "2.md").read_text()
    assert "It was compared with no other model. Its interface keeps " in page
    assert "mobilenet" not in page.lower()
    assert "TF-Slim" not in page
    assert (
        "`serving_default` | `inputs` float32 [any, 8, 8, 3] | `feature_vector` float32 [" in page
    )
    assert "<!-- format: saved_model_2 -->" in page
    assert "A model with 1 signature and 124 parameters." in page
    (block,) = code_blocks(page)
    assert 'hub.load("https://HOST/somebody/scores/2")' in block
    assert problems(of_rules) == []


def test_a_comparison_is_named_by_what_it_was_with(model, compared, tmp_path):
    digest = digests.of_folder(model)
    page = (compared / "2.md").read_text()
    assert f"Compared with the SavedModel whose files have the sha256 `{digest}`" in page
    told = json.loads((compared / "manifest.json").read_text())
    assert told["verification"]["reference"] == f"a SavedModel with sha256 {digest}"
    assert (told["variant"], told["task"], told["checkpoint"]) == ("", "", None)
    assert all(str(tmp_path).encode() not in path.read_bytes() for path in compared.iterdir())
    assert problems(compared) == []


@pytest.mark.parametrize("kind", ["tf1_table", "keras_2"])
def test_other_kinds(reusable, tmp_path, kind):
    model = foreign.SIGNATURE_KINDS[kind](tmp_path / "model")
    digest = digests.of_folder(model)
    report = verify(VerifyRequest(reusable))
    store.put(report.model_copy(update={"digest": digest}))
    folder = released(model, tmp_path / "release")
    page = (folder / "2.md").read_text()
    told = {"tf1_table": "saved_model", "keras_2": "saved_model_2"}
    assert f"<!-- format: {told[kind]} -->" in page
    assert "layer-0" not in page
    assert problems(folder) == []


def test_a_model_of_tensorflow_1_with_variables(tmp_path):
    """Nobody has to trust it: its saver is TensorFlow's own."""
    model = foreign.tf1_builder(tmp_path / "model")
    copy = shutil.copytree(model, tmp_path / "reference")
    assert verify(VerifyRequest(model, reference_dir=copy)).passed
    folder = released(model, tmp_path / "release")
    assert "<!-- format: saved_model -->" in (folder / "2.md").read_text()
    assert problems(folder) == []


def test_a_better_report_is_kept(reusable, tmp_path):
    copy = shutil.copytree(reusable, tmp_path / "reference")
    verify(VerifyRequest(reusable, reference_dir=copy))
    verify(VerifyRequest(reusable))
    assert store.find(digests.of_folder(reusable)).reference_digest


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("2.md", "keeps ", "keeps all and ", "it is not the page of this report and model"),
        ("2.md", "124 parameters", "125 parameters", "it is not the page of this report and model"),
        (
            "report.json",
            '"the interface\'s rules"',
            '"Google"',
            "has a report that does not say which files",
        ),
    ],
)
def test_what_was_changed_is_found(of_rules, renewed, name, old, new, what):
    text = (of_rules / name).read_text()
    assert old in text
    renewed(of_rules, name, text.replace(old, new).encode())
    assert any(what in detail for _, detail in problems(of_rules))


def test_ours_is_not_passed_off_as_a_stranger(release, renewed):
    """Whoever takes the origin out of a release of one of our networks has it refused."""
    told = json.loads((release / "report.json").read_text())
    renewed(release, "report.json", json.dumps(told | {"origin": None}).encode())
    assert ("report.json", "it is of another checkpoint") in problems(release)
    manifest = json.loads((release / "manifest.json").read_text())
    (release / "manifest.json").write_text(json.dumps(manifest | {"checkpoint": None}))
    assert problems(release) != []


def test_our_networks_need_the_original_graph(small_export, tmp_path):
    assert verify(VerifyRequest(small_export)).passed
    with pytest.raises(
        PublishError,
        match=r"is short_075_64 as feature_vector: expected a comparison with the"
        r" original graph, found one with the interface's rules\. Run 'slim-export verify' with",
    ):
        package(PackageRequest(small_export, HANDLE, tmp_path / "release"))


def test_a_handle_of_one_of_our_networks(of_rules, reusable, tmp_path):
    named = handle.parse("somebody/mobilenet_v3_small_075_224/1")
    with pytest.raises(PublishError, match="expected none of our networks, found mobilenet_v3_sm"):
        package(PackageRequest(reusable, named, tmp_path / "other"))


def test_places_are_told_no_more_than_is_known(of_rules):
    from exporter.releases.checked_release import opened

    with opened(of_rules) as checked:
        notes = version_notes(checked)
    assert notes.startswith("somebody/scores/2: a SavedModel. Weights of unknown origin. ")
    assert "checks against the interface's rules, 0 numbers differ" in notes
