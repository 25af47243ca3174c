"""What is vouched for is what was there from the first look to the last."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.releases import make_model

from exporter import conversion, exporting, quiet, verification
from exporter.converters.converting import converted
from exporter.digests import of_files, of_folder, unchanged_files, unchanged_folder
from exporter.errors import ConversionError, RestoreError, VerificationError
from exporter.sources import Stored
from exporter.verifier.report.records import Check, Settings
from exporter.verifier.report.verification_report import VerificationReport
from slim_nets.registry import variants

CHANGED = "changed while it was read: expected sha256 .*, found .*. Try again when nothing writes"


@pytest.fixture
def model(tmp_path):
    return make_model(tmp_path / "model", size=9)


def swap(path):
    """Puts something else where a folder or a file is, and what was there beside it."""
    away = path.with_name(f"{path.name} away")
    path.rename(away)
    shutil.copytree(away, path) if away.is_dir() else shutil.copy(away, path)
    changed = next(path.rglob("variables.index")) if path.is_dir() else path
    changed.write_bytes(b"tampered")
    return away


def swap_and_back(path):
    away = swap(path)
    path.rename(path.with_name(f"{path.name} other"))
    away.rename(path)


def test_what_stays_gives_its_digest(model):
    with unchanged_folder(model, VerificationError) as digest:
        assert digest == of_folder(model)
    index = model / "variables/variables.index"
    with unchanged_files([index], RestoreError, "It", of_files([index])):
        pass


@pytest.mark.parametrize("change", [swap, swap_and_back, lambda path: (path / "new").touch()])
def test_a_folder_that_changes_is_refused(model, change):
    message = f"SavedModel '{model}' {CHANGED}"
    with (
        pytest.raises(VerificationError, match=message),
        unchanged_folder(model, VerificationError),
    ):
        change(model)


@pytest.mark.parametrize("change", [swap, swap_and_back])
def test_a_file_that_changes_is_refused(model, change):
    path = model / "saved_model.pb"
    with pytest.raises(RestoreError, match=CHANGED), unchanged_files([path], RestoreError, "It"):
        change(path)


def test_other_bytes_than_expected_and_none_that_can_be_read(model):
    with (
        pytest.raises(VerificationError, match="expected sha256 0000, found"),
        unchanged_folder(model, VerificationError, expected="0000"),
    ):
        pass
    gone = [model / "gone"]
    with (
        pytest.raises(RestoreError, match="It cannot be read: No such file"),
        unchanged_files(gone, RestoreError, "It"),
    ):
        pass


def linked(path):
    away = path.rename(path.parent.with_name("elsewhere"))
    path.symlink_to(away)


def piped(path):
    os.mkfifo(path / "variables.data-00001-of-00002")


@pytest.mark.parametrize("change", [linked, piped])
def test_what_no_digest_tells_of_is_refused(model, change):
    change(model / "variables")
    with (
        pytest.raises(VerificationError, match=r"holds what no digest tells of: .*, .*variables.*"),
        unchanged_folder(model, VerificationError),
    ):
        pass


def test_links_to_files_are_followed(model):
    before = of_folder(model)
    path = model / "saved_model.pb"
    path.symlink_to(path.rename(model.with_name("blob")))
    with unchanged_folder(model, VerificationError, expected=before):
        pass


def test_names_that_are_no_text_or_look_like_lines(tmp_path):
    one, two, odd = (tmp_path / name for name in ("one", "two", "odd"))
    for folder in (one, two, odd):
        folder.mkdir()
        (folder / "a").write_text("x")
    (two / "b").write_text("y")
    lines = f"a\n{of_files([two / 'b'])}  b"
    (one / "a").rename(one / lines)
    assert of_folder(one) != of_folder(two)
    before = of_folder(odd)
    (odd / os.fsdecode(b"caf\xe9")).touch()
    assert of_folder(odd) != before


def report(folder):
    settings = Settings(model_dir=str(folder), reference="the reference")
    checks = (Check(group="weights", name="a", values=3),)
    return VerificationReport(settings=settings, digest=of_folder(folder), checks=checks)


@pytest.mark.parametrize("change", [swap, swap_and_back])
@pytest.mark.parametrize("side", ["model_dir", "reference_dir"])
def test_verify_refuses_a_side_that_is_replaced_meanwhile(monkeypatch, model, side, change):
    other = shutil.copytree(model, model.with_name("reference"))
    request = verification.VerifyRequest(model, reference_dir=other, trust=True)

    def run(request, *_):
        change(getattr(request, side))
        return report(request.model_dir)

    monkeypatch.setattr("exporter.verifier.run.run", run)
    with pytest.raises(VerificationError, match=CHANGED):
        verification.verify(request)


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "trained"
    folder.mkdir()
    for name in ("model.ckpt-5.index", "model.ckpt-5.data-00000-of-00001"):
        (folder / name).write_bytes(name.encode())
    return Stored(str(folder / "model.ckpt-5"))


def replaced(checkpoint):
    swap(Path(f"{checkpoint}.data-00000-of-00001"))


def test_verify_refuses_a_checkpoint_that_is_replaced_meanwhile(monkeypatch, model, checkpoint):
    monkeypatch.setattr("exporter.restore.restore", lambda *_: None)
    monkeypatch.setattr("exporter.verifier.report.reference.original", lambda _: None)

    def run(request, *_):
        replaced(checkpoint)
        return report(request.model_dir)

    monkeypatch.setattr("exporter.verifier.run.run", run)
    variant = variants()["mobilenet_v3_small_075_224"]
    request = verification.VerifyRequest(
        model, None, checkpoint, variant, "feature_vector", trust=True
    )
    with pytest.raises(RestoreError, match=f"Checkpoint '{checkpoint}' {CHANGED}"):
        verification.verify(request)


def test_export_refuses_a_checkpoint_that_is_replaced_meanwhile(monkeypatch, tmp_path, checkpoint):
    def export(request, checkpoint, folder, *_):
        replaced(checkpoint.source)
        make_model(folder / "model", size=9)

    monkeypatch.setattr(exporting, "_export", export)
    variant = variants()["mobilenet_v3_small_075_224"]
    request = exporting.ExportRequest(
        variant, "feature_vector", checkpoint, tmp_path / "exported", verify=False
    )
    with pytest.raises(RestoreError, match=f"Checkpoint '{checkpoint}' {CHANGED}"):
        exporting.export(request)
    assert not request.output_dir.exists()


def test_a_checkpoint_that_changed_since_it_was_found(tmp_path, checkpoint):
    local = checkpoint.open(variants()["mobilenet_v3_small_075_224"], tmp_path, None)
    replaced(checkpoint)
    with pytest.raises(RestoreError, match=f"expected sha256 {local.sha256}"), local.unchanged():
        pass


@pytest.mark.parametrize("of_written", [False, True])
def test_convert_refuses_what_is_replaced_meanwhile(monkeypatch, model, tmp_path, of_written):
    quiet.import_tensorflow()
    from exporter.converters.checks import converted_report

    target = tmp_path / "made" / "model.tflite"

    def convert(source, target, request):
        target.parent.mkdir()
        target.write_bytes(b"converted")
        if not of_written:
            swap(model)

    def checks(judge, target):
        if of_written:
            swap(target)
        return [Check(group="outputs", name="a", values=3)]

    monkeypatch.setattr("exporter.converters.source_model.source_of", lambda *_: SOURCE)
    monkeypatch.setattr(converted_report, "_examples", lambda *_: SimpleNamespace(names=()))
    monkeypatch.setattr(converted_report._Judge, "checks", checks)
    row = SimpleNamespace(name="tflite", converter=SimpleNamespace(convert=convert), floor=None)
    row.packages, row.fetched, row.written_as, row.rewritten = (), (), (), ""
    row.counted = False
    request = conversion.ConvertRequest(model, ("tflite",), tmp_path / "converted")
    subject = f"Conversion '{target.name}'" if of_written else f"SavedModel '{model}'"
    with pytest.raises(ConversionError, match=f"{subject} {CHANGED}"):
        converted(request, row, target, {}, of_folder(model))


SOURCE = SimpleNamespace(folder=Path("model"), name="", spec=SimpleNamespace(image_range=None))
