"""Folders appear whole or not at all."""

import os
import threading

import pytest

from exporter.errors import ExportError
from exporter.staging import staged


def saved_model(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(text)


def test_appears_when_done(tmp_path):
    target = tmp_path / "deep" / "model"
    with staged(target, overwrite=False) as stage:
        saved_model(stage, "new")
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
    (target / "extra").touch()
    with staged(target, overwrite=True) as stage:
        saved_model(stage, "new")
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
        saved_model(stage, "new")
        1 / 0  # noqa: B018
    assert (target / "saved_model.pb").read_text() == "old"
    assert os.listdir(tmp_path) == ["model"]


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
        pytest.raises(
            ExportError, match=r"exists already\. Choose another --output_dir, or use --ov"
        ),
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


def test_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ExportError, match="cannot be written"),
        staged(tmp_path / "file" / "model", overwrite=False),
    ):
        pytest.fail("must not begin")


def test_disk_error_while_writing(tmp_path):
    with (
        pytest.raises(ExportError, match=r"cannot be written: No space left on device\. Free some"),
        staged(tmp_path / "model", overwrite=False),
    ):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_made_by_another_meanwhile(tmp_path):
    target = tmp_path / "model"
    with (
        pytest.raises(ExportError, match="exists already"),
        staged(target, overwrite=False) as stage,
    ):
        saved_model(stage, "second")
        saved_model(target, "first")
    assert (target / "saved_model.pb").read_text() == "first"
    assert os.listdir(tmp_path) == ["model"]


def test_left_overs_are_swept_but_not_the_stages_of_others(tmp_path):
    (tmp_path / ".model.killed.part").mkdir()
    (tmp_path / ".model.killed.part" / "saved_model.pb").touch()
    with staged(tmp_path / "model", overwrite=False) as first:
        saved_model(first, "first")
        assert os.listdir(tmp_path) == [first.name]
        with (
            pytest.raises(ZeroDivisionError),
            staged(tmp_path / "model", overwrite=False) as second,
        ):
            assert first.exists()
            assert first != second
            1 / 0  # noqa: B018
    assert (tmp_path / "model" / "saved_model.pb").read_text() == "first"


def test_many_at_once_one_wins(tmp_path):
    errors, target = [], tmp_path / "model"
    barrier = threading.Barrier(8)

    def export(number):
        try:
            with staged(target, overwrite=False) as stage:
                saved_model(stage, str(number))
                (stage / "twin").write_text(str(number))
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
