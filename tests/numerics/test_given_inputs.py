"""Models for which no inputs can be made up, and what a user gives for them."""

import zipfile
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from support.foreign_models import FLOATS, KINDS, Root, called, made, saved, serialized
from support.judging import compared, failed, rules, skipped

from exporter.errors import InvalidArgumentError, VerificationError
from exporter.verifier.comparison.summary import thumbnails
from exporter.verifier.run import run
from exporter.verifier.subjects.examples import Examples
from exporter.verifier.subjects.given import Given, read_arrays
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.verify_request import VerifyRequest

pytestmark = pytest.mark.numerics

SERVED = "signature 'serving_default'"


def alone(model, given):
    return run(VerifyRequest(model), None, given=given)


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


def test_given_examples_of_which_the_reference_cannot_take_the_first(tmp_path):
    """Those that it takes are compared all the same."""

    def small(folder, change=0.0):
        root = Root()

        def call(x):
            tf.debugging.assert_less(x, 5.0)
            return root.layer(x) + change

        called(root, call, FLOATS)
        return saved(root, folder)

    model = small(tmp_path / "model")
    given = Given(arrays={"x": np.array([[9.0] * 4, [1.0] * 4, [2.0] * 4])})
    same = compared(model, model, given=given)
    assert failed(same) == {}
    left_out = {c.case: c.message for c in same if c.group == "outputs" and c.status == "skipped"}
    assert left_out.keys() == {f"batch {size}, example 0" for size in (1, 3, 32)}
    assert left_out["batch 1, example 0"].startswith("the reference gives no result: ass")
    wrong = failed(compared(small(tmp_path / "wrong", 1e-3), model, given=given))
    assert wrong.keys() == {("outputs", "__call__")}


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
    told = r"by the names of __call__ item float32 \(None, 4\), user .*; found other float64 .*"
    with pytest.raises(VerificationError, match=told):
        compared(model, model, given=given)
    with pytest.raises(VerificationError, match="Images were given for a model that takes no"):
        compared(model, model, given=Given(images=(tmp_path / "a.jpg",)))


def test_what_is_given_for_another_way_than_that_of_images():
    spec = InputSpec((tf.TensorSpec([None, 8, 8, 3], tf.float32),), names=("images",))
    assert thumbnails(Examples(spec, given={"x": np.zeros([2, 4])})) == {}
    assert len(thumbnails(Examples(spec, given={"images": np.zeros([2, 8, 8, 3])}))) == 2


def test_files_that_hold_no_inputs(tmp_path):
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "pickled.npz", x=np.array([b"a", None], object))
    np.savez(tmp_path / "lengths.npz", x=np.zeros([2, 3]), y=np.zeros(3))
    header = b"\x93NUMPY\x01\x00\x0b\x00{'descr': ("
    for name, content in (("bytes", b"text"), ("cut", header)):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as file:
            file.writestr("x.npy", content)
    np.savez_compressed(tmp_path / "whole.npz", x=np.arange(1000.0))
    damaged = bytearray((tmp_path / "whole.npz").read_bytes())
    damaged[60:80] = bytes(20)
    (tmp_path / "damaged.npz").write_bytes(damaged)
    (tmp_path / "empty.npz").write_bytes(b"")
    np.savez(tmp_path / "dates.npz", x=np.array(["2020-01-01"], np.datetime64))
    with zipfile.ZipFile(tmp_path / "beside.npz", "w") as archive:
        archive.writestr("README", "text")
    with (tmp_path / "unnamed.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    broken = ("text", "pickled", "none", "damaged", "empty", "dates", "beside", "unnamed")
    for name in (*broken, "bytes", "cut"):
        with pytest.raises(InvalidArgumentError, match=f"{name}.npz' cannot be read: expected"):
            read_arrays(tmp_path / f"{name}.npz")
    with pytest.raises(InvalidArgumentError, match=r"found x \[2, 3\], y \[3\]\. Change --inputs"):
        read_arrays(tmp_path / "lengths.npz")
    np.savez(tmp_path / "number.npz", x=np.zeros([2, 3]), scale=2.0)
    assert read_arrays(tmp_path / "number.npz")["scale"].tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    "array",
    [
        np.array([[b"a"] * 4]),
        np.zeros([2, 5]),
        np.full([2, 4], 0.5),
        np.full([2, 4], 256),
        np.zeros([2, 4], np.complex64),
    ],
)
def test_given_arrays_of_other_values(tmp_path, array):
    """What would be cast to other numbers is refused, and no fault of the model's."""
    root = Root()
    whole = tf.TensorSpec([None, 4], tf.uint8)
    called(root, lambda x: root.layer(tf.cast(x, tf.float32)), whole)
    model = saved(root, tmp_path / "model")
    for judge in (lambda given: compared(model, model, given=given), partial(alone, model)):
        with pytest.raises(VerificationError, match=r"takes: expected .* uint8 \(None, 4\); found"):
            judge(Given(arrays={"x": array}))
    assert failed(compared(model, model, given=Given(arrays={"x": np.full([2, 4], 255.0)}))) == {}


def test_given_examples_that_a_model_alone_cannot_take(tmp_path):
    model = KINDS["serialized_examples"](tmp_path / "model")
    with pytest.raises(VerificationError, match=r"Model '.*' cannot be judged: .* fails on all"):
        alone(model, Given(arrays={"examples": np.array([b"hub", b"network"])}))


def test_each_way_of_calling_takes_the_arrays_of_its_own_names(tmp_path):
    root = Root()
    called(root, root.layer, tf.TensorSpec([None, 4], tf.float32))

    def large(y):
        tf.debugging.assert_greater(y, 5.0)
        return {"z": root.layer(y)}

    model = saved(root, tmp_path / "model", other=made(large, FLOATS))
    given = {"x": np.zeros([2, 4]), "y": np.full([2, 4], 6.0)}
    checks = compared(model, model, given=Given(arrays=given))
    assert {c.name for c in checks if c.group == "outputs" and c.values} == {
        "__call__",
        "signature 'other': z",
    }
