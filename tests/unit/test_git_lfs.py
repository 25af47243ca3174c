"""Pointers of Git LFS are recognized as such wherever a file is read."""

import os
import shutil

import pytest
from support.releases import make_release
from support.small_models import Small

from checkpoints.git_lfs import is_pointer
from checkpoints.layout import CheckpointError, find_prefix
from exporter.contract import contract_check, contract_lock
from exporter.errors import ExporterError
from exporter.labels import read_labels
from exporter.photos import read
from exporter.releases.manifest import load
from exporter.releases.passed import passed_report
from exporter.releases.verify_release import verify_release
from exporter.unpack import unpack
from exporter.verification import VerifyRequest, verify
from exporter.verifier.subjects.given import read_arrays

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4' * 64}\nsize 12345\n"
SAID = r"is a pointer of Git LFS: expected the file itself, found .* Run: git lfs pull\."


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return Small().save(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def pointer(tmp_path):
    path = tmp_path / "pointer"
    path.write_text(POINTER)
    return path


def test_what_is_a_pointer(pointer, tmp_path):
    assert is_pointer(pointer)
    assert not is_pointer(tmp_path / "none")
    (tmp_path / "long").write_text(POINTER + " " * 1024)
    assert not is_pointer(tmp_path / "long")
    (tmp_path / "text").write_text("a version https://git-lfs.github.com/spec/v1\n")
    assert not is_pointer(tmp_path / "text")
    os.mkfifo(tmp_path / "pipe")
    assert not is_pointer(tmp_path / "pipe")


@pytest.mark.parametrize(
    "name",
    ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"],
)
def test_in_a_saved_model(model, tmp_path, name):
    copy = shutil.copytree(model, tmp_path / "copy")
    (copy / name).write_text(POINTER)
    for use in (contract_lock, lambda folder: verify(VerifyRequest(folder))):
        with pytest.raises(ExporterError, match=f"File '{name}' of model '.*copy' {SAID}"):
            use(copy)


@pytest.mark.parametrize("name", ["m.index", "m.data-00000-of-00001", "checkpoint"])
def test_in_a_checkpoint(tmp_path, name):
    for file in ("m.index", "m.data-00000-of-00001"):
        (tmp_path / file).write_text("")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m"\n')
    (tmp_path / name).write_text(POINTER)
    with pytest.raises(CheckpointError, match=f"File '.*{name}' of a checkpoint {SAID}"):
        find_prefix(tmp_path)


def test_in_place_of_other_files(model, pointer, tmp_path):
    lock = tmp_path / "contract.json"
    contract_lock(model, lock)
    shutil.copyfile(pointer, tmp_path / "report.json")
    uses = {
        "Archive": lambda: unpack(pointer, tmp_path / "unpacked"),
        "Photograph": lambda: read([pointer], (8, 8)),
        "Labels": lambda: read_labels(pointer, 3, "values"),
        "Inputs": lambda: read_arrays(pointer),
        "Lock": lambda: contract_check(model, pointer),
        "List of acceptances": lambda: contract_check(model, lock, accept=pointer),
        "Report": lambda: passed_report(model, tmp_path),
    }
    for what, use in uses.items():
        with pytest.raises(ExporterError, match=f"{what} '.*' {SAID}"):
            use()


@pytest.mark.parametrize("name", ["manifest.json", "model.tar.gz", "report.html"])
def test_in_a_release(tmp_path, name):
    release = make_release(tmp_path / "release")
    (release / name).write_text(POINTER)
    with pytest.raises(ExporterError, match=SAID):
        verify_release(release)
    if name == "manifest.json":
        with pytest.raises(ExporterError, match=f"Manifest of release '.*' {SAID}"):
            load(release)
