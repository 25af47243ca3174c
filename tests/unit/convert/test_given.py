"""What is given for a conversion is checked before anything is converted."""

import pytest
from support import handmade
from support.small_models import Small

from exporter.converters.formats import FORMATS, Options
from exporter.converters.given import check_given, remarks
from exporter.converters.source import source_of
from exporter.errors import ConversionError, InvalidArgumentError
from exporter.image_files import matching

INT8, DYNAMIC, FLOAT, METADATA = (
    FORMATS[name] for name in ("tflite_int8", "tflite_dynamic", "tflite", "tflite_metadata")
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return source_of(handmade.save(tmp_path_factory.mktemp("model") / "model"))


@pytest.fixture
def files(tmp_path):
    names = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(names):
        path.write_text(str(number))
    return names


def test_all_that_is_needed_is_enough(source, files, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\nd\n")
    check_given(source, [FLOAT, INT8, METADATA], Options(tuple(files), labels), files)
    check_given(source, [FLOAT], Options(), ())


@pytest.mark.parametrize("row", [INT8, DYNAMIC])
def test_eight_bits_are_judged_on_images(source, files, row):
    with pytest.raises(ConversionError) as caught:
        check_given(source, [FLOAT, row], Options(tuple(files)), ())
    assert str(caught.value) == (
        f"Format '{row.name}' lacks images to be judged on: expected some that look like those the"
        " model will see, found none. Add --images='FOLDER/*.jpg'."
    )


def test_models_without_images(files, tmp_path):
    source = source_of(Small().save(tmp_path / "model"))
    check_given(source, [DYNAMIC], Options(), ())
    with pytest.raises(ConversionError, match="which takes none: expected one input float32"):
        check_given(source, [FLOAT], Options(), files)
    with pytest.raises(ConversionError, match="cannot be calibrated: expected one input of"):
        check_given(source, [INT8], Options(tuple(files)), ())


def test_int8_needs_calibration(source, files):
    with pytest.raises(ConversionError, match="lacks calibration images"):
        check_given(source, [INT8], Options(), files)


def test_labels(source, tmp_path):
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    options = Options(labels=tmp_path / "labels.txt")
    with pytest.raises(ConversionError, match=r"expected 4 lines, .* found 3"):
        check_given(source, [METADATA], options, ())
    with pytest.raises(ConversionError) as caught:
        check_given(source, [FLOAT], options, ())
    assert str(caught.value) == (
        "Labels were given, which no format takes: expected tflite_metadata among --format, found"
        " tflite. Add it, or leave out --labels."
    )


def test_remarks(files, tmp_path):
    assert remarks([INT8], Options(tuple(files[:3])), files[3:]) == []
    assert remarks([FLOAT, DYNAMIC], Options(tuple(files[:1])), files) == []
    (few,) = remarks([INT8], Options(tuple(files[:2])), files[3:])
    assert few.startswith("Calibration has fewer than 3 images: ")
    # By what is in it: a copy is the same image.
    copy = tmp_path / "copy.png"
    copy.write_bytes(files[0].read_bytes())
    (both,) = remarks([INT8], Options(tuple(files[:3])), [copy, files[4]])
    assert both.startswith("Calibration has images that are judged on too: copy.png. ")


def test_a_folder_is_no_pattern_of_images(tmp_path):
    with pytest.raises(InvalidArgumentError) as caught:
        matching(str(tmp_path))
    assert "expected a pattern that matches files, found a folder" in str(caught.value)
    assert str(caught.value).endswith(f"--images='{tmp_path}/*.jpg'.")
