"""The tables and the arithmetic of channels, against the published counts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim_nets.blocks import make_divisible
from slim_nets.networks.mobilenet_v3.rows import LARGE, SMALL, Bneck, Conv, minimalistic
from slim_nets.registry import ImageSize, Variant, resized, variants


@pytest.mark.parametrize(
    ("value", "expected"),
    [(18, 24), (30, 32), (36, 40), (84, 88), (12, 16), (1, 8), (8, 8), (16, 16), (108, 112)],
)
def test_make_divisible(value, expected):
    assert make_divisible(value) == expected


@given(st.floats(min_value=0.01, max_value=10_000))
def test_make_divisible_never_loses_more_than_a_tenth(value):
    result = make_divisible(value)
    assert result % 8 == 0
    assert result >= max(8, 0.9 * value)
    assert result <= max(8, value + 8)


# variables, trainable, parameters, trainable parameters, regularized, end points with the output
COUNTS = {
    ("mobilenet_v1_025_128", "feature_vector"): (135, 81, 218544, 213072, 14, 29),
    ("mobilenet_v1_025_128", "classification"): (137, 83, 475801, 470329, 15, 31),
    ("mobilenet_v1_100_224", "feature_vector"): (135, 81, 3228864, 3206976, 14, 29),
    ("mobilenet_v1_100_224", "classification"): (137, 83, 4254889, 4233001, 15, 31),
    ("mobilenet_v2_035_96", "feature_vector"): (260, 156, 410208, 396128, 35, 71),
    ("mobilenet_v2_100_224", "classification"): (262, 158, 3540265, 3506153, 36, 73),
    ("mobilenet_v2_140_224", "feature_vector"): (260, 156, 4363712, 4315776, 35, 71),
    ("mobilenet_v3_small_075_224", "feature_vector"): (208, 140, 1026552, 1016872, 42, 49),
    ("mobilenet_v3_small_075_224", "classification"): (210, 142, 2052577, 2042897, 43, 51),
    ("mobilenet_v3_small_100_224", "feature_vector"): (208, 140, 1529968, 1517856, 42, 49),
    ("mobilenet_v3_small_100_224", "classification"): (210, 142, 2555993, 2543881, 43, 51),
    ("mobilenet_v3_large_075_224", "feature_vector"): (264, 172, 2731616, 2712528, 48, 65),
    ("mobilenet_v3_large_075_224", "classification"): (266, 174, 4013897, 3994809, 49, 67),
    ("mobilenet_v3_large_100_224", "feature_vector"): (264, 172, 4226432, 4202032, 48, 65),
    ("mobilenet_v3_large_100_224", "classification"): (266, 174, 5508713, 5484313, 49, 67),
    ("mobilenet_v3_small_minimalistic_100_224", "feature_vector"): (
        *(172, 104, 1031848, 1019736, 24, 49),
    ),
    ("mobilenet_v3_small_minimalistic_100_224", "classification"): (
        *(174, 106, 2057873, 2045761, 25, 51),
    ),
    ("mobilenet_v3_large_minimalistic_100_224", "feature_vector"): (
        *(232, 140, 2667688, 2643288, 32, 65),
    ),
    ("mobilenet_v3_large_minimalistic_100_224", "classification"): (
        *(234, 142, 3949969, 3925569, 33, 67),
    ),
}


@pytest.mark.parametrize(("variant", "task"), COUNTS)
def test_counts_are_those_of_the_published_models(variant, task):
    shape = variants()[variant].shape(task)
    trainable = [v for v in shape.variables if v.trainable]
    regularized = [v for v in shape.variables if v.weight_decay]
    assert COUNTS[variant, task] == (
        len(shape.variables),
        len(trainable),
        shape.parameters,
        sum(v.size for v in trainable),
        len(regularized),
        len(shape.end_points) + 1,
    )


def test_only_full_convolutions_are_regularized():
    for variable in variants()["mobilenet_v3_large_100_224"].shape("classification").variables:
        assert variable.weight_decay == (4e-5 if variable.name.endswith("/weights") else 0)
        assert variable.trainable == ("/moving_" not in variable.name)


@pytest.mark.published
def test_names_shapes_and_creation_order_are_tf_slims(shared):
    golden = json.loads((shared / "golden/small_075.json").read_text())
    shape = variants()["mobilenet_v3_small_075_224"].shape("classification")
    assert [[v.name, list(v.shape)] for v in shape.variables] == golden["variables"]


@pytest.mark.parametrize(
    ("variant", "layer", "shape"),
    [
        ("mobilenet_v3_small_100_224", "layer_15", (1, 1, 1024)),
        ("mobilenet_v3_large_100_224", "layer_17", (7, 7, 960)),
        ("mobilenet_v3_large_100_224", "layer_19", (1, 1, 1280)),
        ("mobilenet_v3_large_075_224", "layer_16/depthwise_output", (7, 7, 720)),
        ("mobilenet_v3_large_075_224", "layer_12", (14, 14, 88)),
        ("mobilenet_v3_large_minimalistic_100_224", "layer_10/expansion_output", (14, 14, 184)),
        ("mobilenet_edgetpu_100_224", "layer_24", (7, 7, 1280)),
        ("mobilenet_edgetpu_075_224", "layer_24", (7, 7, 1280)),
    ],
)
def test_end_point_shapes(variant, layer, shape):
    found = variants()[variant]
    name = f"{found.network.scope}/{layer}"
    assert found.shape("feature_vector").end_points[name] == shape


def test_first_fused_block_is_its_projection_alone():
    """It would not add channels, as 990 M multiply-adds of the whole network confirm."""
    shape = variants()["mobilenet_edgetpu_100_224"].shape("feature_vector")
    assert "MobilenetEdgeTPU/layer_2/expansion_output" not in shape.end_points
    assert "MobilenetEdgeTPU/layer_3/expansion_output" in shape.end_points
    names = [v.name for v in shape.variables if "/expanded_conv/" in v.name]
    assert names[0] == "MobilenetEdgeTPU/expanded_conv/project/weights"


@pytest.mark.parametrize(
    ("multiplier", "name", "channels"),
    [
        (0.1, "Conv2d_0", 8),  # and not 3
        (0.25, "Conv2d_0", 8),
        (0.75, "Conv2d_0", 24),
        (0.3, "Conv2d_1_pointwise", 19),  # of 19.2, no multiple of 8
        (0.3, "global_pool", 307),
    ],
)
def test_channels_of_v1_are_cut_off(multiplier, name, channels):
    variant = resized(variants()["mobilenet_v1_100_224"], depth_multiplier=multiplier)
    assert variant.shape("feature_vector").end_points[f"MobilenetV1/{name}"][-1] == channels


def test_rows_of_v1_are_those_of_the_paper():
    row_of = variants()["mobilenet_v1_100_224"].network.row_of
    described = "row 7 of 14: depthwise 3x3, pointwise 1x1, num_outputs 512, relu6, stride 2"
    assert row_of("MobilenetV1/Conv2d_6_depthwise/BatchNorm/gamma") == described
    assert row_of("MobilenetV1/Conv2d_6_pointwise") == described
    assert row_of("MobilenetV1/Conv2d_0/weights").startswith("row 1 of 14: conv 3x3,")
    for other in ("MobilenetV1/Conv2d_14_depthwise", "MobilenetV1/Logits/Conv2d_1c_1x1/weights"):
        assert row_of(other) == ""


@pytest.mark.parametrize(
    ("multiplier", "name", "channels"),
    [
        (0.35, "layer_1", 16),  # of 11.2, since 8 would be less than nine tenths
        (0.35, "layer_2/output", 8),
        (0.35, "layer_3/expansion_output", 48),
        (0.35, "layer_19", 1280),
        (1.3, "layer_19", 1664),
    ],
)
def test_channels_of_v2_are_rounded(multiplier, name, channels):
    variant = resized(variants()["mobilenet_v2_100_224"], depth_multiplier=multiplier)
    end_points = variant.shape("feature_vector").end_points
    assert end_points[f"MobilenetV2/{name}"][-1] == channels
    assert "MobilenetV2/layer_2/expansion_output" not in end_points


@pytest.mark.parametrize("table", [SMALL, LARGE])
def test_minimalistic_has_plain_rows_only(table):
    for row, original in zip(minimalistic(table).rows, table.rows, strict=True):
        if isinstance(row, Bneck):
            assert (row.kernel_size, row.squeeze_excite, row.activation) == (3, False, "relu")
            assert row.exp_size == original.exp_size
        elif isinstance(row, Conv):
            assert row.activation == "relu"


@pytest.mark.parametrize(
    ("multiplier", "features"), [(0.05, 1024), (0.5, 1024), (1.0, 1024), (1.5, 1536), (2.0, 2048)]
)
def test_last_layer_is_multiplied_above_one_only(multiplier, features):
    variant = resized(variants()["mobilenet_v3_small_100_224"], depth_multiplier=multiplier)
    assert variant.shape("feature_vector").output == (features,)


@given(st.floats(0.01, 2), st.integers(32, 400), st.sampled_from(sorted(variants())))
def test_every_size_can_be_built(multiplier, size, name):
    variant = resized(variants()[name], depth_multiplier=multiplier, image_size=size)
    shape = variant.shape("classification")
    assert shape.output == (variant.network.num_classes,)
    assert len({v.name for v in shape.variables}) == len(shape.variables)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth_multiplier": 0}, "Depth multiplier 0 is out of range: expected a number above 0"),
        ({"depth_multiplier": 2.1}, "expected a number above 0 and at most 2"),
        ({"depth_multiplier": float("nan")}, "Depth multiplier nan is out of range"),
        ({"image_size": 31}, "Image size 31 is out of range: expected 32 to 2048 pixels"),
        ({"image_size": 2049}, "Change --image_size"),
    ],
)
def test_sizes_out_of_range(change, message):
    with pytest.raises(ValueError, match=message):
        resized(variants()["mobilenet_v3_small_100_224"], **change)


def test_names_are_those_of_the_hub():
    assert (
        Variant("mobilenet_v3_small", 0.75, ImageSize(224, 224)).name
        == "mobilenet_v3_small_075_224"
    )
    assert Variant("mobilenet_v3_large_minimalistic", 1.0, ImageSize(224, 224)).name == (
        "mobilenet_v3_large_minimalistic_100_224"
    )
    assert (
        Variant("mobilenet_v3_small", 0.333, ImageSize(96, 96)).name
        == "mobilenet_v3_small_0.333_96"
    )
    assert [variant.name for variant in variants().values()] == list(variants())
