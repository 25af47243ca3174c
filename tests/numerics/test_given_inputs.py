"""Models for which no inputs can be made up, and what a user gives for them."""

import zipfile

import numpy as np
import pytest
import tensorflow as tf
from support.foreign_models import KINDS, serialized
from support.judging import compared, failed, rules, skipped

from exporter.errors import InvalidArgumentError, VerificationError
from exporter.verifier.subjects.given import Given, read_arrays

pytestmark = pytest.mark.numerics

SERVED = "signature 'serving_default'"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            "serialized_examples",
            r"takes string \(None,\): .*Feature: x .*\. Give some by --inputs",
        ),
        ("encoded_images", r"takes string \(None,\): .* or image files by --images\.$"),
        ("datasets", r"takes DatasetSpec: expected numbers .*DatasetSpec\. Save a signature"),
    ],
)
def test_what_cannot_be_made_up_is_asked_for(tmp_path, kind, told):
    model = KINDS[kind](tmp_path / "model")
    with pytest.raises(VerificationError, match=f"inputs cannot be made up for .*{told}"):
        compared(model, model)
    found = rules(model)
    for number in ("R17", "R22", "R25"):
        assert found[number].status == "skipped"
        assert found[number].message.startswith("inputs cannot be made up for ")
        assert len(found[number].message) < 500
    assert "File " not in " ".join(check.message for check in found.values())


def test_examples_that_are_given(tmp_path):
    make = KINDS["serialized_examples"]
    model, changed = make(tmp_path / "model"), make(tmp_path / "changed", change=1e-3)
    np.savez(tmp_path / "given.npz", examples=serialized([1, 2, 3, 4], [-1, 0.5, 2, 3]))
    given = Given(arrays=read_arrays(tmp_path / "given.npz"))
    same = compared(model, model, given=given)
    assert failed(same) == {}
    assert skipped(same) == {("training", "__call__"): "the reference has no argument 'training'"}
    wrong = failed(compared(changed, model, given=given))
    assert wrong["outputs", f"{SERVED}: scores"].startswith("example 0, at [0, 0] expected ")
    assert {number: rules(model, given)[number].status for number in ("R17", "R22", "R25")} == {
        "R17": "passed",
        "R22": "passed",
        "R25": "passed",
    }


def test_given_examples_that_the_reference_cannot_take(tmp_path):
    model = KINDS["serialized_examples"](tmp_path / "model")
    given = Given(arrays={"examples": np.array([b"hub", b"network"])})
    told = r"'serving_default' of the reference fails on all that it is given: "
    with pytest.raises(VerificationError, match=told):
        compared(model, model, given=given)


def test_images_as_the_bytes_of_their_files(tmp_path):
    for name, shade in (("dark.png", 10), ("light.png", 240)):
        image = np.full([4, 4, 3], shade, np.uint8)
        (tmp_path / name).write_bytes(tf.io.encode_png(image).numpy())
    given = Given(images=(tmp_path / "dark.png", tmp_path / "light.png"))
    make = KINDS["encoded_images"]
    model, changed = make(tmp_path / "model"), make(tmp_path / "changed", change=1e-3)
    assert failed(compared(model, model, given=given)) == {}
    wrong = failed(compared(changed, model, given=given))
    assert wrong["outputs", f"{SERVED}: scores"].startswith("image 'dark.png', at [0, 0] expected")


def test_given_inputs_that_nothing_takes(tmp_path):
    model = KINDS["users_and_items"](tmp_path / "model")
    given = Given(arrays={"user": np.zeros([2, 4]), "other": np.zeros([2, 4])})
    told = r"by the names of __call__ item float32 \(None, 4\), user .*; found other, user\."
    with pytest.raises(VerificationError, match=told):
        compared(model, model, given=given)
    with pytest.raises(VerificationError, match="Images were given for a model that takes no"):
        compared(model, model, given=Given(images=(tmp_path / "a.jpg",)))


def test_files_that_hold_no_inputs(tmp_path):
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "pickled.npz", x=np.array([b"a", None], object))
    np.savez(tmp_path / "lengths.npz", x=np.zeros([2, 3]), y=np.zeros(3))
    (tmp_path / "empty.npz").touch()
    header = b"\x93NUMPY\x01\x00\x0b\x00{'descr': ("
    for name, content in (("bytes", b"text"), ("cut", header)):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as file:
            file.writestr("x.npy", content)
    for name in ("text", "pickled", "none", "empty", "bytes", "cut"):
        with pytest.raises(InvalidArgumentError, match=f"{name}.npz' cannot be read: expected"):
            read_arrays(tmp_path / f"{name}.npz")
    with pytest.raises(InvalidArgumentError, match=r"found x \[2, 3\], y \[3\]\. Change --inputs"):
        read_arrays(tmp_path / "lengths.npz")
    np.savez(tmp_path / "number.npz", x=np.zeros([2, 3]), scale=2.0)
    assert read_arrays(tmp_path / "number.npz")["scale"].tolist() == [2.0, 2.0]
