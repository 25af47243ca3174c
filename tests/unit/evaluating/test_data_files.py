"""Which files the data are, and which classes the folders are called by."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from support import labelled
from support.labelled import PLAN

from exporter.errors import EvaluationError, InvalidArgumentError
from exporter.evaluating.data_files import DataFiles, found
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.evaluating.labelled_images import (
    Bad,
    LabelledImage,
    Piece,
    images_of_example,
    images_of_piece,
)
from exporter.evaluating.planning import labels_of_folders


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)
    return folder


def test_a_folder_of_folders(tmp_path):
    names = ("cat/1.jpg", "cat/2.JPEG", "dog/1.png", "dog/notes.txt", "README.md")
    data = found(str(touch(tmp_path, *names)))
    assert data.folders == ("cat", "dog")
    assert [Path(path).name for path in data.sizes] == ["1.jpg", "2.JPEG", "1.png"]
    assert data.size == 30
    pieces = data.pieces({"cat": 3, "dog": 1})
    assert [piece.label for piece in pieces] == [3, 3, 1]


def test_folders_that_are_called_like_patterns_are_links_hidden_or_empty(tmp_path):
    """Beam would look for other folders, follow no links, and leave out a class without images."""
    elsewhere = touch(tmp_path / "elsewhere", "1.jpg")
    photos = touch(tmp_path / "photos [1]", "cat/1.jpg", ".cache/1.jpg", "cat/.1.jpg", "fox/a.txt")
    (photos / "dog").symlink_to(elsewhere)
    (photos / "dog/2.webp").symlink_to(tmp_path / "nowhere")
    data = found(str(photos))
    assert data.folders == ("cat", "dog", "fox")
    names = [path.removeprefix(f"{photos}/") for path in data.sizes]
    assert names == ["cat/1.jpg", "dog/1.jpg", "dog/2.webp", "fox/*"]
    assert list(data.sizes.values()) == [10, 10, 0, 0]
    images = [i for p in data.pieces(dict.fromkeys(data.folders, 0)) for i in images_of_piece(p)]
    told = [image.kind for image in images if isinstance(image, Bad)]
    assert told == ["unreadable file", "empty folder"]
    records = touch(tmp_path, "a[1].tfrecord") / "a[1].tfrecord"
    assert found(str(records)).sizes == {str(records): 10}


def test_files_of_records_are_cut_where_they_are_few(tmp_path):
    names = [f"validation-{number:05d}-of-00003" for number in range(3)]
    data = found(f"{touch(tmp_path, *names, 'other')}/validation-*")
    pieces = data.pieces({})
    assert len(pieces) == 3 * 11
    assert {(Path(piece.path).name, piece.part) for piece in pieces} == {
        (name, part) for name in names for part in range(11)
    }
    many = DataFiles("", {str(number): 1 for number in range(100)})
    assert {piece.parts for piece in many.pieces({})} == {1}


def test_a_pattern_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(touch(tmp_path, "validation-1", "validation-2"))
    assert list(found("validation-*").sizes) == [f"{tmp_path}/validation-{n}" for n in (1, 2)]


def test_a_folder_of_records(tmp_path):
    touch(tmp_path, "imagenet2012-validation.tfrecord-00000-of-00001", "features.json")
    assert [Path(p).name for p in found(f"{tmp_path}/").sizes] == [
        "imagenet2012-validation.tfrecord-00000-of-00001"
    ]


@pytest.mark.parametrize(
    ("names", "data", "sentence"),
    [
        ((), "none-*", "expected files, found none. Quote the pattern"),
        (
            ("cat/a.jpg",),
            "*/*.jpg",
            "is images: expected files of records, or a folder .* found a.",
        ),
        (("a.jpg", "b.jpg"), "", "expected a folder of images for each class, .* found a.jpg, b"),
        (("cat/a.txt",), "", "found a.txt"),
        ((), "", "found nothing"),
    ],
)
def test_no_data(tmp_path, names, data, sentence):
    touch(tmp_path, *names)
    with pytest.raises(EvaluationError, match=sentence):
        found(f"{tmp_path}/{data}")


def test_a_file_system_that_nobody_reads():
    with pytest.raises(EvaluationError, match="expected a file system that Beam reads"):
        found("nosuch://bucket/validation-*")


def classes(folders, plan=PLAN, **changes):
    data = DataFiles("photos", {}, tuple(sorted(folders)))
    return labels_of_folders(replace(plan, **changes), data)


NAMES = ("background", "tabby cat", "Dog", "crane")


def test_folders_are_called_by_the_names_of_classes():
    found = classes(["tabby_cat", "dog"], class_names=NAMES)
    assert found == ({"tabby_cat": 1, "dog": 2}, 0)
    decomposed = unicodedata.normalize("NFD", "Käfer")
    assert classes([decomposed], class_names=("Käfer",)) == ({decomposed: 0}, 0)
    told = replace(PLAN.request, label_offset=1)
    assert classes(["2"], class_names=NAMES, request=told) == ({"2": 3}, 0)
    assert classes(["03", "dog"], class_names=NAMES) == ({"03": 3, "dog": 2}, 0)


def test_folders_without_names_are_the_classes_in_order():
    assert classes("abcd") == ({"a": 0, "b": 1, "c": 2, "d": 3}, 0)
    assert classes("abc") == ({"a": 0, "b": 1, "c": 2}, 1)
    assert classes(["10", "2"], outputs=20) == ({"10": 10, "2": 2}, 0)
    told = replace(PLAN.request, label_offset=0)
    assert classes("abc", request=told) == ({"a": 0, "b": 1, "c": 2}, 0)


def test_folders_of_features_are_just_told_apart():
    assert classes("ab", task="feature_vector") == ({"a": 0, "b": 1}, 0)


@pytest.mark.parametrize(
    ("folders", "changes", "sentence"),
    [
        ("ab", {}, "expected one for each of 4 classes, or for all but a background, found 2"),
        ("abcde", {}, "found 5"),
        (["cow"], {"class_names": NAMES}, "found no class of that name"),
        (["9"], {"class_names": NAMES}, "found no class of that name"),
        (["crane"], {"class_names": (*NAMES, "Crane")}, "found classes 3, 4 of that name"),
    ],
)
def test_folders_that_are_no_classes(folders, changes, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        classes(folders, **changes)


def test_images_of_records():
    for keys, layout in ((labelled.SLIM, "image/class/label"), (labelled.TFDS, "label")):
        (image,) = images_of_example(labelled.example(b"jpeg", 7, keys))
        assert (image.encoded, image.label, image.layout) == (b"jpeg", 7, layout)
        assert image.name.startswith("example ")


def test_records_that_are_none():
    (bad,) = images_of_example(b"\xff no example")
    assert bad.kind == "record without the keys"
    (bad,) = images_of_example(labelled.example(b"jpeg", 7, ("picture", "label")))
    assert bad.kind == "record without the keys"
    (image,) = images_of_example(labelled.example(b"jpeg", 7, ("image", "class")))
    assert image.label is None


def test_pieces(tmp_path):
    touch(tmp_path, "a.jpg")
    pattern = labelled.write_shards(tmp_path / "shards", [labelled.example(b"jpeg", 7)] * 3)
    path = pattern.replace("*", "00000-of-00001")
    assert [i.name for i in images_of_piece(Piece(path))] == [f"{path}#{n}" for n in range(3)]
    assert [i.name for i in images_of_piece(Piece(path, part=1, parts=2))] == [f"{path}#1"]
    (image,) = images_of_piece(Piece(str(tmp_path / "a.jpg"), label=2))
    assert image == LabelledImage(str(tmp_path / "a.jpg"), b"x" * 10, 2, "folders")


def test_pieces_that_are_bad_are_told_once(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    touch(tmp_path, "damaged")
    for name, kind in (("empty", "empty"), ("damaged", "damaged"), ("none", "unreadable")):
        pieces = [Piece(str(tmp_path / name), part=part, parts=3) for part in range(3)]
        (bad,) = [image for piece in pieces for image in images_of_piece(piece)]
        assert isinstance(bad, Bad)
        assert bad.kind == f"{kind} file"
        assert bad.name.startswith(str(tmp_path / name))


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("central_crop", 0.0),
        ("central_crop", 1.5),
        ("batch", 0),
        ("neighbours", -1),
        ("max_bad", -1),
        ("label_offset", 2),
        ("min_top_1", 75.0),
    ],
)
def test_numbers_out_of_range(flag, value):
    with pytest.raises(InvalidArgumentError, match=f"--{flag} is out of range: .*Change --{flag}"):
        EvaluateRequest(Path("model"), **{flag: value})
