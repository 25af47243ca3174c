"""A network that was added by one file goes through every command."""

import json

import numpy as np
import pytest
import tensorflow as tf
from support.checkpoints import write_checkpoint, write_partitioned
from support.mutating import edited, nodes

from checkpoints import seeded
from slim_nets.registry import variants

TOY = ["--variant=toy_100_32", "--task=classification", "--checkpoint=seeded:0"]
HANDLE = "somebody/toy/classification/1"

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("toy")]


@pytest.fixture(scope="module")
def toy(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "model"
    said = run("export", *TOY, f"--output_dir={folder}")
    assert said["verification"]["passed"]
    assert said["variables"] == 34
    return folder


def test_it_is_listed(run):
    rows = {(row["variant"], row["task"]): row for row in run("list")}
    assert rows["toy_100_32", "feature_vector"]["num_features"] == 12
    assert rows["toy_050_32", "classification"]["parameters"] < 3939
    assert rows["toy_100_32", "classification"]["parameters"] == 3939


def test_it_equals_its_original(run, toy):
    report = run("verify", f"--model_dir={toy}", *TOY)
    assert report["passed"]
    names = {check["name"] for check in report["checks"] if check["group"] == "gradients"}
    assert "Toy/row_2/BatchNorm/beta" in names
    assert "Toy/row_2/BatchNorm/gamma" not in names
    assert not any(check["differing"] for check in report["checks"])


def test_partitioned_variables_are_put_together(run, tmp_path):
    """As checkpoints of large trainings have them: a partitioner cuts, and the saver keeps that."""
    shapes = {v.name: v.shape for v in variants()["toy_100_32"].shape("feature_vector").variables}
    weights, digests = seeded.draw(shapes, 3), set()
    for write in (write_checkpoint, write_partitioned):
        prefix = write(tmp_path / f"{write.__name__}/m", weights)
        given = ("--variant=toy_100_32", "--task=feature_vector", f"--checkpoint={prefix}")
        said = run("export", *given, f"--output_dir={prefix.parent / 'model'}")
        assert said["verification"]["passed"]
        digests.add(said["digest"])
    assert len(digests) == 1


def slope_of_one_sixth(graph):
    """Gives the gate the slope of the paper, as ports of MobileNet V3 often do."""
    found = nodes(graph, "inference", "Const", "Toy/row_4/mul")
    found += nodes(graph, "training", "Const", "Toy/row_4/mul")
    assert [tf.make_ndarray(n.attr["value"].tensor) for n in found] == [np.float32(0.16667)] * 2
    for node in found:
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.float32(1 / 6)))


def test_a_mutant_is_caught_and_explained(run, toy, tmp_path):
    mutant = edited(toy, tmp_path / "mutant", slope_of_one_sixth)
    report = run("verify", f"--model_dir={mutant}", *TOY, status=1)
    failed = [check for check in report["checks"] if check["status"] == "failed"]
    first = next(check for check in failed if check["group"] == "end points")
    assert first["name"] == "Toy/row_4"
    assert "row 4 of 11 of toy_100_32: gate" in first["message"]
    explained = [cause["name"] for cause in report["causes"] if cause["explains"]]
    assert explained == ["slope of the toy's gate"]


def test_its_contract_holds_and_is_broken(run, slim_export, toy, tmp_path):
    lock = tmp_path / "contract.json"
    assert slim_export("contract", "lock", f"--model_dir={toy}", f"--lock={lock}").returncode == 0
    assert run("contract", "check", f"--model_dir={toy}", f"--lock={lock}")["passed"]
    features = tmp_path / "features"
    flags = [TOY[0], "--task=feature_vector", TOY[2], "--verify=false"]
    run("export", *flags, f"--output_dir={features}")
    broken = run("contract", "check", f"--model_dir={features}", f"--lock={lock}", status=1)
    assert "Toy/Logits/weights" in json.dumps(broken["differences"])


@pytest.mark.full
def test_it_is_converted(run, toy, tmp_path):
    """With logits; without them, to every format, for `toy_conversions`."""
    formats = ["tflite", "onnx", "keras"]
    flags = [f"--format={','.join(formats)}", f"--output_dir={tmp_path}"]
    done = run("convert", f"--model_dir={toy}", *flags)
    assert [row["format"] for row in done] == formats
    assert all(row["report"]["settings"]["variant"] == "toy_100_32" for row in done)
    groups = {check["group"] for check in done[2]["report"]["checks"]}
    assert {"gradients", "moving averages", "regularization"} <= groups


def test_it_is_released(run, toy, tmp_path):
    release = tmp_path / "release"
    packaged = run("package", f"--model_dir={toy}", f"--handle={HANDLE}", f"--output_dir={release}")
    assert packaged["rebuild"] == (
        "slim-export export --variant=toy_100_32 --task=classification --checkpoint=seeded:0"
        " --output_dir=model"
    )
    (page,) = release.glob("**/1.md")
    assert "MobileNet" not in page.read_text()
    assert run("verify-release", f"--release={release}")["passed"]
