"""Which files in a folder may go with it when it is replaced."""

import os

import pytest

from exporter.converters.format_table import FORMATS
from exporter.errors import ExportError
from exporter.staging import RELEASE, REPORT, SAVED_MODEL, check_target, staged

FOREIGN = {
    "beside": (SAVED_MODEL, "saved_model.pb", "notes.txt"),
    "below": (SAVED_MODEL, "saved_model.pb", "variables/variables.index.bak"),
    "of another": (SAVED_MODEL, "saved_model.pb", "manifest.json"),
    "in a folder": (RELEASE, "manifest.json", "mine/thesis.tex"),
    "a page": (RELEASE, "manifest.json", "README.md"),
    "in a conversion": (FORMATS["tfjs"].kind, "model.json", "index.html"),
    "in a report": (REPORT, "report.json", "report.json~"),
}


@pytest.mark.parametrize("case", FOREIGN)
@pytest.mark.parametrize("link", [False, True])
def test_what_is_not_ours_is_not_deleted(tmp_path, case, link):
    kind, marker, name = FOREIGN[case]
    target = tmp_path / "there"
    mine = target / name
    mine.parent.mkdir(parents=True)
    (target / marker).touch()
    mine.symlink_to(tmp_path) if link else mine.write_text("mine")
    refused = f"holds more than a {kind.name}, .* found '{name}'. Move that elsewhere"
    with pytest.raises(ExportError, match=refused), staged(target, overwrite=True, kind=kind):
        pytest.fail("must not begin")
    assert os.path.lexists(mine)


def test_many_that_are_not_ours(tmp_path):
    for name in ("saved_model.pb", *"abcdefg"):
        (tmp_path / name).touch()
    with pytest.raises(ExportError, match="found 'a', 'b', 'c', 'd', 'e' and 2 more"):
        check_target(tmp_path, overwrite=True)


OURS = {
    "model": (SAVED_MODEL, "fingerprint.pb", "variables/variables.index", "assets/labels.txt"),
    "shards": (SAVED_MODEL, "variables/variables.data-00000-of-00001"),
    "release": (RELEASE, "model.tar.gz", "12.md", "report.html", "contract.json", "model.sig"),
    "tfjs": (FORMATS["tfjs"].kind, "group1-shard2of3.bin", "report.xml"),
    "openvino": (FORMATS["openvino"].kind, "model.bin", "report.json"),
}


@pytest.mark.parametrize("case", OURS)
def test_what_is_ours_is_replaced(tmp_path, case):
    kind, *names = OURS[case]
    for name in (kind.marker, *names):
        (tmp_path / "there" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / name).touch()
    with staged(tmp_path / "there", overwrite=True, kind=kind) as stage:
        (stage.model / kind.marker).write_text("new")
    assert os.listdir(tmp_path / "there") == [kind.marker]
