"""VGG of `tf_slim.nets`: no batch norm, a layer that sees the whole image, weights of 500 MB."""

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.full]

VGG = ["--network=tf_slim.nets.vgg:vgg_a", "--arg_scope=tf_slim.nets.vgg:vgg_arg_scope"]
TEN = ["--checkpoint=seeded:0", "--num_classes=10"]


def test_it_is_exported_and_converted(run, tmp_path):
    """At its own size: smaller images leave less than that layer sees."""
    model = tmp_path / "model"
    said = run("export", *VGG, "--task=classification", *TEN, f"--output_dir={model}")
    assert (said["variant"], said["num_classes"], said["variables"]) == ("vgg_a_224", 10, 22)
    checks = said["verification"]["checks"]
    assert said["verification"]["passed"]
    assert not any(check["differing"] for check in checks)
    assert {"vgg_a/conv1/conv1_1", "vgg_a/pool5", "vgg_a/fc6", "vgg_a/fc8", "default"} <= {
        check["name"] for check in checks if check["group"] == "end points"
    }
    (done,) = run("convert", f"--model_dir={model}", "--format=tflite", f"--output_dir={tmp_path}")
    assert done["error"] == ""


def test_images_that_are_too_small(run, tmp_path):
    flags = [*VGG, "--task=classification", *TEN, "--image_size=64"]
    said = run("export", *flags, f"--output_dir={tmp_path / 'no'}", status=1)
    assert "Network 'tf_slim.nets.vgg:vgg_a' fails when it is built for training" in said


def test_features_are_those_of_an_end_point(run, tmp_path):
    flags = [*VGG, "--task=feature_vector", "--checkpoint=seeded:0"]
    said = run("export", *flags, f"--output_dir={tmp_path / 'no'}", status=1)
    assert "use --features=END_POINT" in said
