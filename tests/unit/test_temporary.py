"""Where there is no room for temporary files, one line says so."""

import sys
import tempfile

import pytest

from exporter import quiet, temporary
from exporter.errors import ExporterError


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
