"""Models whose results have other forms than a row an example: each is judged in full, or named."""

import numpy as np
import pytest
import tensorflow as tf
from support.foreign_models import FLOATS, Root, called, made, saved
from support.foreign_signatures import served, session, v1
from support.judging import compared, failed, rules, skipped

from exporter.contract import contract_check, contract_lock
from exporter.errors import VerificationError
from exporter.verifier.rules import serving

pytestmark = pytest.mark.numerics

SERVED = "signature 'serving_default'"


def dropping(folder, batch, rate):
    """Dropout in what has a row an example and in what has none, for batches of one size or any."""
    root = Root()
    spec = tf.TensorSpec([batch, 4], tf.float32)

    def call(x, training=False):
        y = tf.tile(root.layer(x), [1, 8])
        y = tf.nn.dropout(y, rate) if training else y
        return {"mean": tf.reduce_mean(y, 0), "number": tf.reduce_sum(y), "y": y}

    root.__call__ = tf.function(call, autograph=False)
    for training in (False, True):
        root.__call__.get_concrete_function(spec, training)
    return saved(root, folder)


@pytest.mark.parametrize("batch", [None, 2])
def test_dropout_in_results_of_any_form(tmp_path, batch):
    reference = dropping(tmp_path / "reference", batch, 0.5)
    assert failed(compared(reference, reference)) == {}
    wrong = failed(compared(dropping(tmp_path / "wrong", batch, 0.2), reference))
    assert ("dropout", "__call__: y") in wrong


def test_forms_that_are_drawn_have_no_statistics(tmp_path):
    root = Root()

    def call(x, training=False):
        y = root.layer(x)
        kept = tf.random.uniform(tf.shape(y)[:1]) > 0.5 if training else tf.ones_like(y[:, 0]) > 0
        return {
            "kept": tf.boolean_mask(y, kept),
            "words": tf.strings.as_string(tf.where(kept, 1, 2)),
        }

    root.__call__ = tf.function(call, autograph=False)
    for training in (False, True):
        root.__call__.get_concrete_function(FLOATS, training)
    model = saved(root, tmp_path / "model")
    checks = compared(model, model)
    assert failed(checks) == {}
    told = {c.name: c.message for c in checks if c.case == "statistics"}
    assert told == {
        "__call__: kept": "its shape is drawn at random too",
        "__call__: words": "what is no finite real number has no scatter",
    }


def test_functions_that_are_not_compared_are_named(tmp_path):
    root = Root()
    call = called(root, root.layer, FLOATS)
    root.encode = made(root.layer, FLOATS)
    root.serve = made(lambda x: {"y": call(x)}, FLOATS)
    model = saved(root, tmp_path / "model", serve=root.serve)
    assert {name: why for (group, name), why in skipped(compared(model, model)).items()} == {
        "function 'encode'": "it is neither __call__ nor a signature; to have it compared, save one"
        " that calls it",
        "__call__": "the reference has no argument 'training'",
    }


def test_traces_that_are_not_compared_are_named(tmp_path):
    root = Root()
    function = tf.function(lambda x: root.layer(tf.cast(x, tf.float32)), autograph=False)
    # What takes one example alone is called with one.
    for shape, dtype in (([None, 4], tf.float32), ([1, 4], tf.float32), ([None, 4], tf.uint8)):
        function.get_concrete_function(tf.TensorSpec(shape, dtype))
    root.__call__ = function
    model = saved(root, tmp_path / "model")
    checks = compared(model, model)
    assert failed(checks) == {}
    assert skipped(checks)["interface", "__call__ with uint8 (None, 4)"] == (
        "it is called with float32 (None, 4) alone; to have it compared, save a signature of it"
    )
    assert len(skipped(checks)) == 2


def test_a_dataset_as_result(tmp_path):
    root = Root()
    rows = lambda x: tf.data.Dataset.from_tensor_slices(root.layer(x))  # noqa: E731
    called(root, rows, FLOATS)
    model = saved(root, tmp_path / "model")
    told = (
        r"results of __call__ cannot be compared: expected numbers or strings as results, found a"
        r" variant\. Save a signature that takes and gives numbers or strings\.$"
    )
    with pytest.raises(VerificationError, match=told):
        compared(model, model)
    assert rules(model)["R17"].status == "skipped"


def test_inputs_of_other_fixed_sizes(tmp_path):
    """Anchors beside an image, of which there are as many in each call."""

    def matched(folder, change=0.0):
        root = Root()
        call = lambda x, anchors: {"y": root.layer(x) + change, "z": anchors @ root.kernel}  # noqa: E731
        called(root, call, tf.TensorSpec([1, 4]), tf.TensorSpec([6, 4]))
        return saved(root, folder)

    reference = matched(tmp_path / "reference")
    assert failed(compared(reference, reference)) == {}
    wrong = failed(compared(matched(tmp_path / "wrong", 1e-3), reference))
    assert wrong.keys() == {("outputs", "__call__: y")}


@pytest.mark.parametrize("kind", ["ragged", "sparse"])
def test_ragged_and_sparse_results(tmp_path, kind):
    def giving(folder, change=0.0):
        root = Root()

        def call(x):
            y = tf.nn.relu(root.layer(x) + change)
            if kind == "sparse":
                return tf.sparse.from_dense(y)
            return tf.RaggedTensor.from_tensor(y, tf.cast(x[:, 0] > 0.5, tf.int64) + 1)

        called(root, call, FLOATS)
        return saved(root, folder)

    reference = giving(tmp_path / "reference")
    assert failed(compared(reference, reference)) == {}
    assert failed(compared(giving(tmp_path / "wrong", 1e-3), reference))
    assert {n: rules(reference)[n].status for n in ("R17", "R25")} == {
        "R17": "passed",
        "R25": "passed",
    }


def test_contracts_of_results_that_are_no_tensors(tmp_path):
    root = Root()
    called(root, lambda x: tf.data.Dataset.from_tensor_slices(root.layer(x)), FLOATS)
    ragged = made(lambda x: {"y": tf.RaggedTensor.from_tensor(root.layer(x))}, FLOATS)
    model = saved(root, tmp_path / "model", ragged=ragged)
    lock = tmp_path / "contract.json"
    assert contract_lock(model, lock).signatures["ragged"].outputs["y"].dtype == "composite none"
    assert contract_check(model, lock).differences == ()


@pytest.mark.parametrize("strings", [False, True])
def test_a_loss_that_is_none(tmp_path, strings):
    root = Root()
    called(root, root.layer, FLOATS)
    scaled = tf.function(lambda scale: scale * tf.nn.l2_loss(root.kernel))
    scaled.get_concrete_function(tf.TensorSpec([], tf.float32))
    words = tf.function(lambda: tf.constant("none"), input_signature=[])
    root.regularization_losses = [words] if strings else [scaled]
    model = saved(root, tmp_path / "model")
    checks = compared(model, model)
    assert failed(checks) == {}
    said = skipped(checks).get(("regularization", "losses"), "")
    assert strings or said.startswith("the reference gives none: ")


def test_servers_give_single_strings(tmp_path):
    def versioned(folder, version):
        root = Root()
        call = called(root, root.layer, FLOATS)
        serve = made(lambda x: {"y": call(x), "version": tf.constant(version)}, FLOATS)
        return saved(root, folder, serving_default=serve)

    model = versioned(tmp_path / "model", "1.0")
    assert rules(model)["R27"].status == "passed"
    wrong = failed(compared(versioned(tmp_path / "wrong", "1.10"), model))
    assert wrong == {
        ("outputs", f"{SERVED}: version"): "expected b'1.0', found b'1.10' (1 of 1 values differ)"
    }


def test_servers_give_sparse_results(tmp_path):
    with session() as running:
        x = v1.placeholder(tf.float32, [None, 4], "x")
        y = tf.sparse.from_dense(x @ tf.constant(np.ones([4, 3], np.float32)))
        info = v1.saved_model.build_tensor_info
        tensors = {"x": info(x)}, {"y": info(y)}, "tensorflow/serving/predict"
        signature = v1.saved_model.build_signature_def(*tensors)
        model = served(tmp_path / "model", running, {"serving_default": signature})
    assert failed(compared(model, model)) == {}
    assert rules(model)["R27"].status == "passed"


def test_servers_give_others_beside_infinity():
    """No share of infinity is allowed."""
    one = np.array([np.inf, 1.0], np.float32)
    assert serving._near(one, one)
    assert not serving._near(one, np.array([np.inf, 2.0], np.float32))
