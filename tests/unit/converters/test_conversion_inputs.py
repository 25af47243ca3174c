"""What is given for a conversion is checked before anything is converted."""

import numpy as np
import pytest
import tensorflow as tf
from support import converted, handmade
from support.small_models import Small

from exporter.converters.conversion_inputs import check_inputs, check_labelled, remarks
from exporter.converters.format_table import FORMATS
from exporter.converters.source_model import source_of
from exporter.errors import ConversionError, InvalidArgumentError
from exporter.image_files import matching

INT8, DYNAMIC, FLOAT, METADATA = (
    FORMATS[name] for name in ("tflite_int8", "tflite_dynamic", "tflite", "tflite_metadata")
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return source_of(handmade.save(tmp_path_factory.mktemp("model") / "model"))


@pytest.fixture
def given(tmp_path):
    """Makes requests with some of five files."""
    for number in range(5):
        (tmp_path / f"{number}.png").write_text(str(number))

    def request(**options):
        patterns = {name: f"{tmp_path}/{value}.png" for name, value in options.items()}
        return converted.asked(**patterns)

    return request


def labelled(tmp_path, *names):
    (tmp_path / "labels.txt").write_text("".join(f"{name}\n" for name in names))
    return converted.asked(labels=tmp_path / "labels.txt")


def test_all_that_is_needed_is_enough(source, given, tmp_path):
    check_inputs(source, [FLOAT, INT8], given(images="*", calibration="*"))
    check_inputs(source, [METADATA], labelled(tmp_path, *"abcd"))
    check_labelled([FLOAT, METADATA])
    check_inputs(source, [FLOAT], converted.asked())


@pytest.mark.parametrize("row", [INT8, DYNAMIC])
def test_eight_bits_are_judged_on_images(source, given, row):
    with pytest.raises(ConversionError) as caught:
        check_inputs(source, [FLOAT, row], given(calibration="*"))
    assert str(caught.value) == (
        f"Format '{row.name}' lacks images to be judged on: expected some that look like those the"
        " model will see, found none. Add --images='FOLDER/*.jpg'."
    )


@pytest.fixture(scope="module")
def free(tmp_path_factory):
    """A model of images of any size."""
    images = tf.TensorSpec([None, None, None, 3], name="inputs")
    return handmade.save(tmp_path_factory.mktemp("free") / "model", images=images)


def test_calibration_needs_a_size_where_any_fits(free, given):
    pictures = given(images="*", calibration="*")
    check_inputs(source_of(free), [FLOAT, DYNAMIC], pictures)
    check_inputs(source_of(free, (16, 24)), [INT8], pictures)
    with pytest.raises(ConversionError, match=r"lacks a size of images: .*Add --image_size\.$"):
        check_inputs(source_of(free), [INT8], pictures)


def test_a_fixed_size(free):
    """Names stay, and numbers are those of the SavedModel."""
    images = np.random.RandomState(0).random_sample((2, 16, 24, 3)).astype(np.float32)
    source, fixed = source_of(free), source_of(free, (16, 24))
    assert (source.spec.any_size, source.image_size) == (True, (96, 96))
    assert (fixed.spec.any_size, fixed.image_size) == (False, (16, 24))
    assert [*fixed.inputs] == [*source.inputs] == ["inputs"]
    assert fixed.inputs["inputs"].shape.as_list() == [None, 16, 24, 3]
    assert [*fixed.outputs] == [*source.outputs] == ["feature_vector"]
    found = fixed.function(inputs=tf.constant(images))
    np.testing.assert_array_equal(
        found["feature_vector"], fixed.expected([images])["feature_vector"]
    )


def test_a_size_for_images_that_have_one(source, tmp_path):
    for model in (source.folder, Small().save(tmp_path / "model")):
        with pytest.raises(ConversionError, match=r"takes no images of any size: .* --image_size"):
            source_of(model, (16, 16))


def test_models_without_images(given, tmp_path):
    source = source_of(Small().save(tmp_path / "model"))
    check_inputs(source, [DYNAMIC], converted.asked())
    with pytest.raises(ConversionError, match="which takes none: expected one input float32"):
        check_inputs(source, [FLOAT], given(images="*"))
    with pytest.raises(ConversionError, match="cannot be calibrated: expected one input of"):
        check_inputs(source, [INT8], given(calibration="*"))


def test_int8_needs_calibration(source, given):
    with pytest.raises(ConversionError, match="lacks calibration images"):
        check_inputs(source, [INT8], given(images="*"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A model of images that does not say which values they have."""
    return handmade.serve_images(tmp_path_factory.mktemp("foreign") / "model")


@pytest.mark.parametrize("row", [INT8, DYNAMIC, METADATA])
def test_formats_that_hang_on_the_range_need_it(foreign, given, row):
    pictures = given(images="[34]", calibration="[0-2]")
    with pytest.raises(ConversionError) as caught:
        check_inputs(source_of(foreign), [FLOAT, row], pictures)
    assert str(caught.value) == (
        f"Format '{row.name}' lacks the range of images: expected their least and largest value,"
        f" since '{foreign}' does not say which it takes, found none. Add --input_range=0,255, or"
        " -1,1 or 0,1, as it was trained."
    )
    check_inputs(source_of(foreign), [FLOAT], pictures)
    check_inputs(source_of(foreign, input_range=(0, 255)), [FLOAT, row], pictures)


def test_what_a_model_says_of_its_range_is_told(source, foreign, given, tmp_path):
    pictures, none = given(images="[34]"), converted.asked()
    assert not list(remarks(source, [FLOAT, DYNAMIC], pictures))
    assert not list(remarks(source_of(foreign, input_range=(0, 1)), [METADATA], pictures))
    assert not list(remarks(source_of(foreign), [FLOAT], none))
    (unknown,) = remarks(source_of(foreign), [FLOAT], pictures)
    assert unknown == (
        f"SavedModel '{foreign}' does not say which values its images have, and is given some from"
        " 0 to 1. Add --input_range if it takes others."
    )
    rescaling = handmade.serve_images(tmp_path / "model", lambda x: x / 255)
    (own,) = remarks(source_of(rescaling), [METADATA], none)
    assert own == (
        f"SavedModel '{rescaling}' takes images from 0 to 255, as its own rescaling of them says,"
        " and is given such."
    )


def test_labels(source, tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"expected 4 lines, .* found 3"):
        check_inputs(source, [METADATA], labelled(tmp_path, *"abc"))
    with pytest.raises(ConversionError) as caught:
        check_labelled([FLOAT])
    assert str(caught.value) == (
        "Labels were given, which no format takes: expected tflite_metadata among --format, found"
        " tflite. Add it, or leave out --labels."
    )


def test_remarks(source, given, tmp_path):
    assert list(remarks(source, [INT8], given(calibration="[0-2]", images="[34]"))) == []
    assert list(remarks(source, [FLOAT, DYNAMIC], given(calibration="0", images="*"))) == []
    (few,) = remarks(source, [INT8], given(calibration="[01]", images="[34]"))
    assert few.startswith("Calibration has fewer than 3 images: ")
    # By what is in it: a copy is the same image.
    (tmp_path / "copy.png").write_bytes((tmp_path / "0.png").read_bytes())
    (both,) = remarks(source, [INT8], given(calibration="[0-2]", images="[c4]*"))
    assert both.startswith("Calibration has images that are judged on too: copy.png. ")


def test_a_pattern_that_matches_nothing_is_refused_at_once(tmp_path):
    for name in ("images", "calibration"):
        with pytest.raises(InvalidArgumentError, match=rf"expected files, found none.*--{name}="):
            converted.asked(**{name: f"{tmp_path}/*.jpg"})


def test_a_folder_is_no_pattern_of_images(tmp_path):
    with pytest.raises(InvalidArgumentError) as caught:
        matching(str(tmp_path))
    assert "expected a pattern that matches files, found a folder" in str(caught.value)
    assert str(caught.value).endswith(f"--images='{tmp_path}/*.jpg'.")
