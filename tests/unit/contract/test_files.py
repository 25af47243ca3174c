"""Locks as files: written whole, read strictly; results for CI."""

import json
import os
import stat
from xml.etree import ElementTree as ET

import pytest
from support.contracts import base, contract

from exporter.contract.compare_contracts import compare
from exporter.contract.contract_rules import contract_rules
from exporter.contract.diff import ContractDiff
from exporter.contract.files import read_lock, write
from exporter.errors import ContractError


def test_lock_is_read_as_written(tmp_path):
    path, locked = tmp_path / "contract.json", contract(base())
    write(path, locked.to_json().encode(), "--lock", overwrite=False)
    assert read_lock(path) == locked
    assert json.loads(path.read_text()) == json.loads(locked.model_dump_json())
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~current_umask()
    assert os.listdir(tmp_path) == ["contract.json"]


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lock: lock.update(schema_version=2), "at 'schema_version', input should be 1"),
        (lambda lock: lock.update(new=1), "at 'new', extra inputs are not permitted"),
        (lambda lock: lock.pop("tags"), "at 'tags', field required"),
        (lambda lock: lock.update(tags="serve"), "at 'tags', input should be a valid array"),
        (lambda lock: lock.update(min_consumer="1"), "input should be a valid integer"),
    ],
)
def test_other_forms_are_refused(tmp_path, change, sentence):
    lock = base()
    change(lock)
    (tmp_path / "contract.json").write_text(json.dumps(lock))
    with pytest.raises(ContractError) as found:
        read_lock(tmp_path / "contract.json")
    assert f"Lock '{tmp_path}/contract.json' is malformed: " in str(found.value)
    assert sentence in str(found.value)


def test_a_key_that_stands_twice(tmp_path):
    text = json.dumps(base()).replace("{", '{"tags": [],', 1)
    (tmp_path / "contract.json").write_text(text)
    with pytest.raises(ContractError, match="expected every key once, found the key 'tags' twice"):
        read_lock(tmp_path / "contract.json")


def test_existing_files_stay(tmp_path):
    path = tmp_path / "contract.json"
    path.write_text("old")
    with pytest.raises(ContractError, match="exists already: expected none, found a file"):
        write(path, b"new", "--lock", overwrite=False)
    assert path.read_text() == "old"
    write(path, b"new", "--lock", overwrite=True)
    assert path.read_text() == "new"
    with pytest.raises(ContractError, match="is a folder: expected a file or none"):
        write(tmp_path, b"new", "--lock", overwrite=True)
    with pytest.raises(ContractError, match="cannot be written: No such file or directory"):
        write(tmp_path / "none" / "contract.json", b"new", "--lock", overwrite=False)
    assert os.listdir(tmp_path) == ["contract.json"]


def test_a_file_made_meanwhile_stays(tmp_path, monkeypatch):
    path = tmp_path / "contract.json"
    flush = os.fsync

    def make_another(descriptor):
        path.write_text("theirs")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", make_another)
    with pytest.raises(ContractError, match="exists already"):
        write(path, b"ours", "--lock", overwrite=False)
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["contract.json"]


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "contract.json"
    path.write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ContractError, match="cannot be written: No space left on device"):
        write(path, b"new", "--lock", overwrite=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["contract.json"]


@pytest.fixture
def diff():
    found = base()
    found["tags"] = ["gpu"]
    found["assets"] = {}
    found["description"] = "new"
    return ContractDiff(differences=compare(contract(base()), contract(found)))


def test_junit(diff):
    root = ET.fromstring(diff.junit())
    assert (root.get("tests"), root.get("failures")) == (str(len(contract_rules())), "2")
    failed = [
        case.get("name") for case in root.iter("testcase") if case.find("failure") is not None
    ]
    assert failed == ["C01 tags differ", "C08 asset removed"]
    (text,) = [f.text for f in root.iter("failure") if "tags" in f.get("message")]
    assert "expected ['serve'], found ['gpu']" in text
    assert contract_rules()["C01"].reason in text


def test_annotations(diff):
    first, second = diff.annotations()
    assert first == (
        "::error title=C01 tags::tags differ: expected ['serve'], found ['gpu']."
        " Breaks serving, keras_layer, fine_tuning"
    )
    assert second.startswith("::error title=C08 asset 'labels.txt'::asset removed: ")
    assert list(diff.model_copy(update={"consumer": "checkpoint"}).annotations()) == []
