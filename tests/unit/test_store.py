"""Passed reports that wait for their model to be packaged."""

import pytest
from support.releases import make_model

from checkpoints.names import RestoreOptions
from exporter import quiet, verification
from exporter.digests import of_folder
from exporter.sources import Seeded
from exporter.verifier.report import kept as store
from exporter.verifier.report.records import Check, Origin, Settings
from exporter.verifier.report.verification_report import VerificationReport
from slim_nets.registry import variants

DIGEST = "0" * 64
ORIGIN = Origin(
    variant=variants()["mobilenet_v3_small_075_224"],
    task="feature_vector",
    checkpoint="seeded:0",
    checkpoint_sha256="1" * 64,
    published=False,
    trained=False,
    restoring=RestoreOptions(),
)
PASSED = Check(group="weights", name="a", values=3)
FAILED = Check(group="weights", name="a", values=3, status="failed")


def report(*checks, origin=ORIGIN, reference="the original", digest=DIGEST):
    settings = Settings(model_dir="model", reference=reference)
    return VerificationReport(settings=settings, digest=digest, checks=checks, origin=origin)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_passed_report_is_found_again(cache):
    store.put(report(PASSED))
    assert store.find(DIGEST) == report(PASSED)
    assert [path.name for path in (cache / "reports").iterdir()] == [f"{DIGEST}.json"]


@pytest.mark.parametrize("kept", [report(FAILED), report(), report(PASSED, digest="")])
def test_others_are_not_kept(kept, cache):
    store.put(kept)
    assert store.find(DIGEST) is None
    assert not cache.exists()


def test_later_report_replaces_an_earlier_one_unless_it_knows_less():
    store.put(report(PASSED, reference="first", origin=None))
    store.put(report(PASSED, reference="second"))
    store.put(report(PASSED, reference="third", origin=None))
    assert store.find(DIGEST).settings.reference == "second"


def test_damaged_report_is_none():
    store.put(report(PASSED))
    store.place(DIGEST).write_text("{")
    assert store.find(DIGEST) is None


def test_cache_that_cannot_be_written_is_remarked_upon(cache):
    cache.write_text("a file")
    said = []
    store.put(report(PASSED), said.append)
    assert store.find(DIGEST) is None
    (sentence,) = said
    assert sentence.startswith("Verification of 'model' cannot be kept for 'slim-export package':")
    assert f"expected a folder '{cache / 'reports'}' that can be written, found: " in sentence
    assert "Set SLIM_EXPORT_CACHE_DIR to another folder and verify again" in sentence


def test_user_without_a_home_is_told_so(monkeypatch, tmp_path):
    """Nothing is written into a folder that is called ~."""
    monkeypatch.delenv("SLIM_EXPORT_CACHE_DIR")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"~/.cache/{name}")
    monkeypatch.chdir(tmp_path)
    said = []
    store.put(report(PASSED), said.append)
    assert "'~/.cache/slim-export/reports' that can be written, found: the user has no" in said[0]
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_not_remarked_upon():
    said = []
    store.put(report(PASSED), said.append)
    store.put(report(PASSED, origin=None), said.append)
    store.put(report(FAILED), said.append)
    assert said == []


def test_a_report_of_an_unknown_network_is_a_report():
    """Another installation made it, which has more networks; that is no fault of the release."""
    text = report(PASSED).model_dump_json().replace("mobilenet_v3_small", "mobilenet_v9")
    assert VerificationReport.model_validate_json(text).passed


@pytest.mark.parametrize(("check", "kept"), [(PASSED, True), (FAILED, False)])
def test_verify_keeps_what_passes(monkeypatch, tmp_path, check, kept):
    model = make_model(tmp_path / "model", size=9)
    quiet.import_tensorflow()
    asked = []

    def run(request, reference, *_):
        asked.append(reference)
        return report(check, origin=reference.origin)

    monkeypatch.setattr("exporter.verifier.run.run", run)
    request = verification.VerifyRequest(
        model, checkpoint=Seeded(0), variant=ORIGIN.variant, task=ORIGIN.task, trust=True
    )
    verification.verify(request)
    assert (store.find(of_folder(model)) is not None) == kept
    (reference,) = asked
    assert reference.origin.checkpoint_sha256 == reference.digest
    assert reference.origin == ORIGIN.model_copy(update={"checkpoint_sha256": reference.digest})
