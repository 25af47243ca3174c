"""Folders appear whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from exporter.errors import ExportError
from exporter.staging import REPORT, FolderKind, staged


def saved_model(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(text)


def test_appears_when_done(tmp_path):
    target = tmp_path / "deep" / "model"
    with staged(target, overwrite=False) as stage:
        saved_model(stage.model, "new")
        assert not target.exists()
    assert (target / "saved_model.pb").read_text() == "new"
    assert os.listdir(target.parent) == ["model"]
    assert target.stat().st_mode & 0o777 == 0o777 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_failure_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "model", overwrite=False):
        1 / 0  # noqa: B018
    assert os.listdir(tmp_path) == []


def test_failure_leaves_no_new_parents(tmp_path):
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "a/b/model", overwrite=False):
        1 / 0  # noqa: B018
    assert os.listdir(tmp_path) == []


def test_overwrite_replaces_in_one_step(tmp_path):
    target = tmp_path / "model"
    saved_model(target, "old")
    (target / "fingerprint.pb").touch()
    with staged(target, overwrite=True) as stage:
        saved_model(stage.model, "new")
        assert (target / "saved_model.pb").read_text() == "old"
    assert os.listdir(target) == ["saved_model.pb"]
    assert (target / "saved_model.pb").read_text() == "new"
    assert os.listdir(tmp_path) == ["model"]


def test_overwrite_without_exchange(tmp_path, monkeypatch):
    """Where the system cannot swap names, two steps do."""
    monkeypatch.setattr("exporter.staging._RENAME_EXCHANGE", 1 << 10)  # no such flag: EINVAL
    test_overwrite_replaces_in_one_step(tmp_path)


def test_failed_overwrite_keeps_the_old(tmp_path):
    target = tmp_path / "model"
    saved_model(target, "old")
    with pytest.raises(ZeroDivisionError), staged(target, overwrite=True) as stage:
        saved_model(stage.model, "new")
        1 / 0  # noqa: B018
    assert (target / "saved_model.pb").read_text() == "old"
    assert os.listdir(tmp_path) == ["model"]


def test_failed_overwrite_without_exchange_restores_the_old(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.staging._RENAME_EXCHANGE", 1 << 10)
    target = tmp_path / "model"
    saved_model(target, "old")
    rename = Path.rename

    def failing(self, to):
        if to == target and self.name == "model":
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(ExportError, match="No space"), staged(target, overwrite=True) as stage:
        saved_model(stage.model, "new")
    assert (target / "saved_model.pb").read_text() == "old"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("name", ["a*b", "q[1]", "what?", "two\nlines", "gs://bucket/m", "\udcff"])
def test_names_that_tensorflow_takes_for_something_else(tmp_path, name):
    with (
        pytest.raises(ExportError, match="cannot be used: expected a path of printable"),
        staged(tmp_path / name, overwrite=False),
    ):
        pytest.fail("must not begin")
    assert os.listdir(tmp_path) == []


def test_current_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for target in (tmp_path / "here", tmp_path):
        with (
            pytest.raises(ExportError, match="is the current folder or one above it"),
            staged(target, overwrite=True),
        ):
            pytest.fail("must not begin")


def test_very_long_name(tmp_path):
    with (
        pytest.raises(ExportError, match="cannot be written: File name too long"),
        staged(tmp_path / ("a" * 300) / "m", overwrite=False),
    ):
        pytest.fail("must not begin")


@pytest.mark.parametrize("overwrite", [False, True])
def test_file_in_the_way(tmp_path, overwrite):
    (tmp_path / "model").write_text("mine")
    with (
        pytest.raises(ExportError, match="is not a folder: expected a new one, found a file"),
        staged(tmp_path / "model", overwrite=overwrite),
    ):
        pytest.fail("must not begin")
    assert (tmp_path / "model").read_text() == "mine"


def test_existing_folder(tmp_path):
    saved_model(tmp_path / "model", "old")
    with (
        pytest.raises(ExportError, match=r"exists already: expected none, found a folder\."),
        staged(tmp_path / "model", overwrite=False),
    ):
        pytest.fail("must not begin")


def test_overwrite_spares_other_folders(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to_mother.txt").write_text("dear")
    with (
        pytest.raises(ExportError, match="is not a SavedModel"),
        staged(tmp_path / "letters", overwrite=True),
    ):
        pytest.fail("must not begin")
    assert (tmp_path / "letters" / "to_mother.txt").exists()


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (REPORT, "holds more than a report, which would be lost: .* found 'model.onnx'."),
        (FolderKind("conversion", "x.pb", "--o", ""), "is not a conversion: expected 'x.pb' in it"),
    ],
)
def test_a_report_replaces_no_conversion_and_no_conversion_a_report(tmp_path, kind, missing):
    files = {"report.json", "model.onnx"} if kind is REPORT else {"report.json"}
    (tmp_path / "there").mkdir()
    for name in files:
        (tmp_path / "there" / name).touch()
    with (
        pytest.raises(ExportError, match=missing),
        staged(tmp_path / "there", overwrite=True, kind=kind),
    ):
        pytest.fail("must not begin")
    assert {path.name for path in (tmp_path / "there").iterdir()} == files


def test_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ExportError, match="cannot be written"),
        staged(tmp_path / "file" / "model", overwrite=False),
    ):
        pytest.fail("must not begin")


def test_disk_error_while_it_is_put_in_place(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with (
        pytest.raises(ExportError, match=r"cannot be written: No space left on device\. Free some"),
        staged(tmp_path / "model", overwrite=False) as stage,
    ):
        saved_model(stage.model, "new")
    assert os.listdir(tmp_path) == []


def test_made_by_another_meanwhile(tmp_path):
    target = tmp_path / "model"
    with (
        pytest.raises(ExportError, match="exists already"),
        staged(target, overwrite=False) as stage,
    ):
        saved_model(stage.model, "second")
        saved_model(target, "first")
    assert (target / "saved_model.pb").read_text() == "first"
    assert os.listdir(tmp_path) == ["model"]


def test_left_overs_are_swept_but_not_the_stages_of_others(tmp_path):
    (tmp_path / ".model.k1lled_x.part" / "model").mkdir(parents=True)
    mine = [".model.backup.part", ".model.thesis.old.part", ".other.k1lled_x.part"]
    for name in mine:
        (tmp_path / name).mkdir()
    (tmp_path / ".model.dangling.part").symlink_to("/nowhere")
    (tmp_path / ".model.dangl_ng.part").symlink_to("/nowhere")
    os.mkfifo(tmp_path / ".model.a_fifo_x.part")
    mine += [".model.dangling.part", ".model.dangl_ng.part", ".model.a_fifo_x.part"]
    with staged(tmp_path / "model", overwrite=False) as first:
        saved_model(first.model, "first")
        assert {*os.listdir(tmp_path)} == {*mine, first.model.parent.name}
        with (
            pytest.raises(ZeroDivisionError),
            staged(tmp_path / "model", overwrite=False) as second,
        ):
            assert first.model.exists()
            assert first != second
            1 / 0  # noqa: B018
    assert (tmp_path / "model" / "saved_model.pb").read_text() == "first"
    assert {*os.listdir(tmp_path)} == {*mine, "model"}


def test_many_at_once_one_wins(tmp_path):
    errors, target = [], tmp_path / "model"
    barrier = threading.Barrier(8)

    def export(number):
        try:
            with staged(target, overwrite=False) as stage:
                saved_model(stage.model, str(number))
                (stage.model / "twin").write_text(str(number))
                barrier.wait()
        except ExportError as error:
            errors.append(error)

    threads = [threading.Thread(target=export, args=[i]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 7
    assert (target / "saved_model.pb").read_text() == (target / "twin").read_text()
    assert os.listdir(tmp_path) == ["model"]
