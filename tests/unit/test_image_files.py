"""Patterns of image files: what they find, and where they looked if they find nothing."""

import pytest

from exporter.errors import InvalidArgumentError
from exporter.image_files import matching


def test_files_are_found_in_order(tmp_path):
    for name in ("b.jpg", "a.jpg", "c.png"):
        (tmp_path / name).touch()
    assert [path.name for path in matching(f"{tmp_path}/*.jpg")] == ["a.jpg", "b.jpg"]
    assert matching("") == ()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("photos/*.jpg", "none in folder '{here}/photos'"),
        ("*.jpg", "none in folder '{here}'"),
        ("ph*/deep/*.jpg", "none in folder '{here}'"),
        ("photos/one.jpg", "none in folder '{here}/photos'"),
        ("pohtos/*.jpg", "no folder '{here}/pohtos'"),
        ("photos/deep/er/*.jpg", "no folder '{here}/photos/deep'"),
    ],
)
def test_what_finds_nothing_says_where_it_looked(tmp_path, monkeypatch, pattern, found):
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgumentError) as refusal:
        matching(pattern, "calibration")
    assert str(refusal.value) == (
        f"Images '{pattern}' are not there: expected files, found {found.format(here=tmp_path)}."
        " Quote the pattern, as in --calibration='photos/*.jpg'."
    )
