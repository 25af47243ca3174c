"""The tables of Inception and ResNet, against counts and names of TF-Slim's own networks."""

import json

import pytest

from slim_nets.network import TASKS
from slim_nets.registry import resized, variants

# The factor of the losses, and batch norms; then of features and of logits: variables, trainable
# ones, parameters, trainable ones, L2 losses, and end points without the output.
COUNTS = """
inception_v1  4e-5  57   228 114  5607184  5592624  57  17   230 116  6633209  6618649  58  19
inception_v2  4e-5  68   275 139 10173112 10153336  68  16   277 141 11199137 11179361  69  19
inception_v3  4e-5  94   376 188 21802784 21768352  94  19   378 190 23853833 23819401  95  22
resnet_v1_50  1e-4  53   265 159 23561152 23508032  53  74   267 161 25612201 25559081  54  77
resnet_v1_101 1e-4 104   520 312 42605504 42500160 104 142   522 314 44656553 44551209 105 145
resnet_v1_152 1e-4 155   775 465 58295232 58143808 155 210   777 467 60346281 60194857 156 213
resnet_v2_50  1e-4  49   270 172 23564800 23519360  53  74   272 174 25615849 25570409  54  77
resnet_v2_101 1e-4 100   542 342 42626560 42528896 104 142   544 344 44677609 44579945 105 145
resnet_v2_152 1e-4 151   814 512 58331648 58187904 155 210   816 514 60382697 60238953 156 213
"""
ROWS = {row.split()[0]: row.split()[1:] for row in COUNTS.splitlines() if row}


@pytest.mark.parametrize("name", ROWS)
def test_counts(name):
    decay, batch_norms, *counts = ROWS[name]
    for task, expected in zip(TASKS, (counts[:6], counts[6:]), strict=True):
        shape = variants()[name].shape(task)
        trainable = [v for v in shape.variables if v.trainable]
        regularized = [v for v in shape.variables if v.weight_decay]
        assert list(map(int, expected)) == [
            len(shape.variables),
            len(trainable),
            shape.parameters,
            sum(v.size for v in trainable),
            len(regularized),
            len(shape.end_points),
        ]
        assert {v.weight_decay for v in regularized} == {float(decay)}
        averages = [v for v in shape.variables if v.name.endswith("/moving_mean")]
        assert len(averages) == int(batch_norms)


@pytest.mark.published
@pytest.mark.parametrize("name", ["inception_v3", "resnet_v2_50"])
def test_names_shapes_and_creation_order_are_tf_slims(shared, name):
    golden = json.loads((shared / f"golden/{name}.json").read_text())
    shape = variants()[name].shape("classification")
    assert [[v.name, list(v.shape)] for v in shape.variables] == golden["variables"]
    scope = f"{variants()[name].network.scope}/"
    expected = {
        scope + key.removeprefix(scope): (len(sizes), sizes[-1])
        for key, sizes in golden["end_points"]
    }
    assert {k: (len(s) + 1, s[-1]) for k, s in shape.end_points.items()} == expected


@pytest.mark.parametrize(
    ("name", "end_point", "shape"),
    [
        ("inception_v1", "Conv2d_1a_7x7", (112, 112, 64)),
        ("inception_v1", "Mixed_3c", (28, 28, 480)),
        ("inception_v1", "Mixed_4e", (14, 14, 528)),
        ("inception_v1", "MaxPool_5a_2x2", (7, 7, 832)),
        ("inception_v1", "Mixed_5c", (7, 7, 1024)),
        ("inception_v2", "MaxPool_3a_3x3", (28, 28, 192)),
        ("inception_v2", "Mixed_3c", (28, 28, 320)),
        ("inception_v2", "Mixed_4a", (14, 14, 576)),
        ("inception_v2", "Mixed_5a", (7, 7, 1024)),
        ("inception_v2", "PreLogits", (1, 1, 1024)),
        ("inception_v3", "Conv2d_1a_3x3", (149, 149, 32)),
        ("inception_v3", "MaxPool_5a_3x3", (35, 35, 192)),
        ("inception_v3", "Mixed_5b", (35, 35, 256)),
        ("inception_v3", "Mixed_6a", (17, 17, 768)),
        ("inception_v3", "Mixed_7a", (8, 8, 1280)),
        ("inception_v3", "Mixed_7c", (8, 8, 2048)),
        ("inception_v3", "Logits", (1001,)),
        ("resnet_v1_50", "conv1", (112, 112, 64)),
        ("resnet_v1_50", "block1/unit_2/bottleneck_v1", (56, 56, 256)),
        ("resnet_v1_50", "block1", (28, 28, 256)),
        ("resnet_v2_152", "block3/unit_36/bottleneck_v2/conv2", (7, 7, 256)),
        ("resnet_v2_152", "block4", (7, 7, 2048)),
        ("resnet_v2_50", "logits", (1, 1, 1001)),
        ("resnet_v2_50", "spatial_squeeze", (1001,)),
        ("resnet_v2_50", "predictions", (1001,)),
    ],
)
def test_shapes_of_end_points(name, end_point, shape):
    variant = variants()[name]
    found = variant.shape("classification").end_points
    assert found[f"{variant.network.scope}/{end_point}"] == shape


@pytest.mark.parametrize(
    ("name", "variable", "shape"),
    [
        ("inception_v1", "InceptionV1/Mixed_5b/Branch_2/Conv2d_0a_3x3/weights", (3, 3, 32, 128)),
        ("inception_v1", "InceptionV1/Logits/Conv2d_0c_1x1/biases", (1001,)),
        ("inception_v2", "InceptionV2/Conv2d_1a_7x7/depthwise_weights", (7, 7, 3, 8)),
        ("inception_v2", "InceptionV2/Conv2d_1a_7x7/pointwise_weights", (1, 1, 24, 64)),
        ("inception_v2", "InceptionV2/Conv2d_1a_7x7/biases", (64,)),
        ("inception_v3", "InceptionV3/Mixed_5c/Branch_1/Conv_1_0c_5x5/weights", (5, 5, 48, 64)),
        ("inception_v3", "InceptionV3/Mixed_6a/Branch_0/Conv2d_1a_1x1/weights", (3, 3, 288, 384)),
        ("inception_v3", "InceptionV3/Mixed_7b/Branch_1/Conv2d_0b_3x1/weights", (3, 1, 384, 384)),
        ("inception_v3", "InceptionV3/Mixed_7c/Branch_1/Conv2d_0c_3x1/weights", (3, 1, 384, 384)),
        ("resnet_v2_50", "resnet_v2_50/block1/unit_1/bottleneck_v2/preact/gamma", (64,)),
        ("resnet_v2_50", "resnet_v2_50/postnorm/moving_variance", (2048,)),
        ("resnet_v2_50", "resnet_v2_50/conv1/biases", (64,)),
        ("resnet_v1_50", "resnet_v1_50/conv1/BatchNorm/gamma", (64,)),
    ],
)
def test_odd_names(name, variable, shape):
    found = {v.name: v.shape for v in variants()[name].shape("classification").variables}
    assert found[variable] == shape


def test_what_is_not_regularized_or_scaled():
    variables = variants()["inception_v2"].shape("classification").variables
    stem = [v for v in variables if "Conv2d_1a_7x7" in v.name]
    assert [v.weight_decay for v in stem] == [0, 0, 0]
    assert not any(v.name.endswith("gamma") for v in variables)


@pytest.mark.parametrize("name", ROWS)
def test_the_smallest_images_leave_a_pixel(name):
    variant = variants()[name]
    smallest = variant.network.min_image_size
    shape = resized(variant, image_size=smallest).shape("feature_vector")
    assert all(min(sizes) >= 1 for sizes in shape.end_points.values())
    message = rf"expected {smallest} to 2048 pixels"
    with pytest.raises(ValueError, match=message):
        resized(variant, image_size=smallest - 1)


def test_inception_v3_bears_no_smaller_images():
    """Its VALID layers would leave nothing."""
    import dataclasses

    from slim_nets.registry import ImageSize

    small = dataclasses.replace(variants()["inception_v3"], image_size=ImageSize(74, 74))
    assert small.shape("feature_vector").end_points["InceptionV3/Mixed_7c"][0] == 0


@pytest.mark.parametrize("name", ROWS)
def test_names_say_no_multiplier(name):
    assert resized(variants()[name], image_size=(96, 128)).name == f"{name}_96x128"
    with pytest.raises(ValueError, match=f"'{name}' has no depth multiplier"):
        resized(variants()[name], depth_multiplier=0.5)


@pytest.mark.parametrize(
    ("name", "inside", "row"),
    [
        (
            "inception_v1",
            "InceptionV1/Conv2d_1a_7x7/weights",
            "row 1 of 16: conv 7x7 stride 2, num",
        ),
        ("inception_v2", "InceptionV2/Conv2d_1a_7x7", "row 1 of 15: separable 7x7 stride 2, num_o"),
        (
            "inception_v3",
            "InceptionV3/Mixed_6a/Branch_1/Conv2d_1a_1x1/weights",
            "row 11 of 18: branches 3x3 stride 2 to 384 | 1x1 to 64, 3x3 to 96, 3x3 stride 2 to",
        ),
        ("inception_v3", "InceptionV3/MaxPool_3a_3x3", "row 4 of 18: max 3x3 stride 2, padding VA"),
        ("inception_v3", "InceptionV3/Logits", ""),
        ("resnet_v2_50", "resnet_v2_50/conv1", "row 1 of 6: conv 7x7, num_outputs 64, stride 2"),
        (
            "resnet_v2_50",
            "resnet_v2_50/block3/unit_1/bottleneck_v2/preact/gamma",
            "row 5 of 6: 6 units of bottleneck_v2, base_depth 256, stride 2 in the last",
        ),
        ("resnet_v2_50", "resnet_v2_50/postnorm/beta", ""),
    ],
)
def test_rows(name, inside, row):
    found = variants()[name].network.row_of(inside)
    assert found.startswith(row)
    assert bool(found) == bool(row)
