"""Where there is no room for temporary files, one line says so."""

import sys
import tempfile

import pytest

from exporter import processes, quiet, temporary
from exporter.errors import ExporterError
from exporter.exporting import ExportRequest, export
from exporter.sources import Seeded
from slim_nets.registry import variants


@pytest.fixture
def full(monkeypatch):
    """Takes away every temporary folder, as Python does where none can be written."""

    def fail():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", fail)


def test_a_folder_goes_afterwards():
    with temporary.folder() as place:
        (place / "file").touch()
    assert not place.exists()


def test_no_room(full):
    with (
        pytest.raises(ExporterError, match=r"^Temporary files cannot be written: No usable temp"),
        temporary.folder(),
    ):
        pass


def test_no_room_for_what_tensorflow_looks_for(full, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    with pytest.raises(ExporterError, match=r"^Temporary files cannot be written: .* TMPDIR"):
        quiet.import_tensorflow()


def test_no_room_for_what_a_process_says(full):
    with (
        pytest.raises(ExporterError, match=r"^Temporary files cannot be written: .* TMPDIR"),
        processes.session(iter, ()),
    ):
        pytest.fail("must not begin")


def test_no_room_while_something_is_exported(full, tmp_path):
    request = ExportRequest(
        variants()["toy_100_32"], "feature_vector", Seeded(0), tmp_path / "new/model"
    )
    with pytest.raises(ExporterError, match=r"^Temporary files cannot be written: .* TMPDIR"):
        export(request)
    assert list(tmp_path.iterdir()) == []


def test_errors_of_what_is_done_meanwhile_are_others():
    with pytest.raises(OSError, match="mine"), temporary.file() as file:
        assert file.write(b"x") == 1
        raise OSError("mine")
