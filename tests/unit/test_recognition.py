"""Which network has given variables: with classes and widths of one's own."""

from dataclasses import replace

import numpy as np
import pytest
from support.toy_network import NETWORKS

from slim_nets.recognition import classes_in, fitted, recognized
from slim_nets.registry import ImageSize, resized, variants

SMALL = variants()["mobilenet_v3_small_075_224"]
TOY = variants()[f"{NETWORKS[0].name}_100_32"]
LOGITS = "MobilenetV3/Logits/Conv2d_1c_1x1/"


def shapes_of(variant, task="classification"):
    return {spec.name: spec.shape for spec in variant.shape(task).variables}


@pytest.mark.parametrize("classes", [1, 2, 5, 1000, 1002])
@pytest.mark.parametrize("variant", [SMALL, TOY], ids=lambda variant: variant.family)
def test_classes_are_read_from_the_logits(variant, classes):
    own = replace(variant, own_classes=classes)
    shapes = shapes_of(own)
    assert classes_in(variant, shapes) == classes
    assert fitted(variant, shapes, "classification") == own
    assert own.num_classes("classification") == classes
    assert not own.background


def test_as_many_classes_as_were_published_are_the_published_ones():
    shapes = shapes_of(replace(SMALL, own_classes=1001))
    assert fitted(SMALL, shapes, "classification") == SMALL
    assert SMALL.background


def test_features_have_no_classes():
    shapes = shapes_of(replace(SMALL, own_classes=5))
    assert fitted(SMALL, shapes, "feature_vector") == SMALL
    assert classes_in(SMALL, shapes_of(SMALL, "feature_vector")) is None


def test_other_classes_than_the_variants_do_not_fit():
    shapes = shapes_of(replace(SMALL, own_classes=5))
    assert fitted(replace(SMALL, own_classes=7), shapes, "classification") is None


def test_a_multiplied_last_layer_is_recognized():
    shapes = shapes_of(replace(SMALL, own_classes=5, widths="last layer multiplied"))
    assert shapes["MobilenetV3/Conv_2/weights"] == (1, 1, 432, 768)
    assert shapes[f"{LOGITS}weights"] == (1, 1, 768, 5)
    found = fitted(SMALL, shapes, "classification")
    assert str(found.other_widths) == "last layer multiplied, TF-Slim's default"
    assert found.own_classes == 5


@pytest.mark.parametrize("task", ["feature_vector", "classification"])
def test_any_of_them_is_found_among_all_networks(task):
    own = replace(SMALL, own_classes=5, widths="last layer multiplied")
    variables = {name: np.zeros(shape) for name, shape in shapes_of(own, task).items()}
    variant, found = recognized(variables, (160, 320))
    assert found == task
    assert variant.widths == own.widths
    assert variant.num_classes(task) == own.num_classes(task)
    assert variant.image_size == ImageSize(160, 320)


FIRST = variants()["mobilenet_v1_050_224"]


@pytest.mark.parametrize("task", ["feature_vector", "classification"])
def test_where_sizes_are_free_the_first_is_taken(task):
    """Variables tell the multiplier, and no more."""
    variables = {name: np.zeros(shape) for name, shape in shapes_of(FIRST, task).items()}
    for free in ((None, None), (None, 160), (160, None)):
        variant, found = recognized(variables, free)
        assert (variant.name, found) == ("mobilenet_v1_050_128", task)
    assert recognized(variables, (160, 320))[0].name == "mobilenet_v1_050_160x320"
    assert recognized(variables, (16, 16)) is None
    assert recognized(variables, None) is None


def test_a_variable_too_many_or_of_another_shape_is_none_of_ours():
    shapes = shapes_of(SMALL)
    for other in ({**shapes, "more": (1,)}, {**shapes, f"{LOGITS}biases": (1000,)}):
        assert recognized({n: np.zeros(s) for n, s in other.items()}, (224, 224)) is None


@pytest.mark.parametrize(
    ("size", "name"),
    [(160, "mobilenet_v3_small_075_160"), ((160, 320), "mobilenet_v3_small_075_160x320")],
)
def test_a_size_is_height_and_width(size, name):
    assert resized(SMALL, image_size=size).name == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"image_size": (31, 320)},
            "Image size 31x320 is out of range: expected 32 to 2048 pixels",
        ),
        ({"image_size": (160, 2049)}, "Image size 160x2049 is out of range"),
        ({"num_classes": 0}, "Number of classes 0 is out of range: expected 1 to 1000000"),
        ({"num_classes": 1_000_001}, "Number of classes 1000001 is out of range"),
    ],
)
def test_sizes_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        resized(SMALL, **changes)
