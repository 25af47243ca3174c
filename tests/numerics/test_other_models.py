"""Models that are none of ours: each equals its copy, and a changed copy is told from it."""

import re
import shutil

import pytest
import tensorflow as tf
from support.compared_here import compare_here
from support.foreign_models import dict_of_outputs, keras_export, signature_alone, words
from support.handmade import Network, save, variable
from support.mutating import edited

from exporter.errors import VerificationError
from exporter.verification import VerifyRequest, verify
from exporter.verifier.noise.conditions import CONDITIONS

pytestmark = pytest.mark.numerics


@pytest.fixture(autouse=True)
def here(monkeypatch):
    compare_here(monkeypatch)


def by_hand(folder, change=0.0):
    network = Network()
    network.beta.assign_add([0, 0, change, 0])
    return save(folder, network)


MODELS = {
    by_hand: {"weights", "outputs", "training"},
    keras_export: {"weights", "outputs"},  # which has no argument `training`
    dict_of_outputs: {"outputs"},
    words: {"weights", "outputs"},  # in training mode its outputs are drawn at random
    signature_alone: {"weights", "outputs"},
}


def compared(model, reference, **options):
    return verify(VerifyRequest(model_dir=model, reference_dir=reference, **options))


@pytest.mark.parametrize("make", MODELS)
def test_other_models(tmp_path, make):
    reference = make(tmp_path / "reference")
    copy = shutil.copytree(reference, tmp_path / "copy")
    same = compared(copy, reference)
    assert same.passed, same.verdict()
    assert (same.settings.variant, same.causes) == ("", ())
    assert sum(check.values for check in same.checks) > 0
    other = compared(make(tmp_path / "changed", change=1e-3), reference)
    assert {c.group for c in other.failures} >= MODELS[make], other.verdict()
    assert {c.group for c in other.failures} <= {*MODELS[make], "dropout", "SGD step", "gradients"}
    assert "row " not in other.verdict()


def test_the_changed_output_is_named(tmp_path):
    reference = dict_of_outputs(tmp_path / "reference")
    other = compared(dict_of_outputs(tmp_path / "changed", change=1.0), reference)
    assert {c.name for c in other.failures} == {"__call__: scores", "signature 'detect': scores"}


def test_saved_again_by_hand(tmp_path):
    """Another process's function names, node names and order of saving are no difference."""
    reference, network = by_hand(tmp_path / "reference"), Network()
    renamed = lambda *given: tf.identity(network.features(*given), name="other")  # noqa: E731
    assert compared(save(tmp_path / "again", network, body=renamed), reference).passed


def test_another_input_size_is_refused(tmp_path):
    reference = by_hand(tmp_path / "reference")
    larger = save(tmp_path / "larger", images=tf.TensorSpec([None, 9, 9, 3], name="inputs"))
    with pytest.raises(
        VerificationError,
        match=r"takes other inputs than its reference: expected float32 \(None, 8, 8, 3\), found"
        r" float32 \(None, 9, 9, 3\)",
    ):
        compared(larger, reference)


# What rounding alone may do is allowed with --allowance=noise, and nothing else.


def test_other_kernels_pass_within_the_noise(tmp_path):
    """The same function in another order of additions."""
    network = Network()
    reference = by_hand(tmp_path / "reference")

    def rounded(inputs, training, momentum):
        features = network.features(inputs, training, momentum)
        # Adding something and taking it away again costs some last bits.
        largest = tf.reduce_max(tf.abs(features), axis=-1, keepdims=True)
        return (features + largest) - largest

    other = save(tmp_path / "other", network, body=rounded)
    exactly = compared(other, reference)
    assert {c.group for c in exactly.failures} >= {"outputs", "training"}
    noisy = compared(other, reference, allowance="noise")
    assert noisy.noise_conditions == CONDITIONS
    outputs = [c for c in noisy.checks if c.name == "__call__" and c.group == "outputs"]
    assert all(c.max_abs <= c.allowance == 4 * c.noise for c in outputs), outputs


def test_a_real_difference_is_beyond_the_noise(tmp_path):
    reference = by_hand(tmp_path / "reference")
    noisy = compared(by_hand(tmp_path / "m", change=1e-3), reference, allowance="noise")
    failed = {c.name for c in noisy.failures if c.group == "outputs"}
    assert failed == {"__call__", "signature 'serving_default': feature_vector"}


def test_tolerances_that_were_given(tmp_path):
    reference, model = by_hand(tmp_path / "reference"), by_hand(tmp_path / "m", change=1e-3)
    wide = compared(model, reference, allowance="given", atol=1e-2)
    assert wide.passed, wide.verdict()
    assert wide.settings.allowance == "--atol=0.01 --rtol=0"
    assert {c.reason for c in wide.checks if c.group == "weights" and c.values} == {
        "--atol=0.01 --rtol=0"
    }
    narrow = compared(model, reference, allowance="given", atol=1e-4)
    assert {c.group for c in narrow.failures} >= {"weights", "outputs"}


def demanding(folder, spec=None, name="serving_default", **called):
    """A signature that takes what probes may not fit."""
    root = tf.train.Checkpoint()
    spec = spec or tf.TensorSpec([None, 4], tf.float32, name="x")

    @tf.function(input_signature=[spec])
    def serve(x):
        for check in called.values():
            check(x)
        return {"y": x}

    root.__call__ = serve
    signatures = {name: serve} if isinstance(spec, tf.TensorSpec) else {}
    tf.saved_model.save(root, str(folder), signatures=signatures)
    return folder


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"spec": tf.data.DatasetSpec(tf.TensorSpec([4]))},
            "inputs cannot be made up for __call__, which takes DatasetSpec: expected numbers or",
        ),
        (
            {"large": lambda x: tf.debugging.assert_greater(x, 1e9)},
            "inputs cannot be made up for __call__, which takes float32 (None, 4): assertion",
        ),
    ],
)
def test_models_that_cannot_be_called(tmp_path, given, told):
    model = demanding(tmp_path / "m", **given)
    with pytest.raises(VerificationError, match=re.escape(told)):
        compared(model, model)


def large(folder, size):
    """Gives floats by the gigabyte, which it states if they are as many for each example."""
    root = tf.train.Checkpoint()
    spec = tf.TensorSpec([None, 4], tf.float32, name="x")
    root.__call__ = tf.function(lambda x: tf.zeros(size(x)), input_signature=[spec])
    tf.saved_model.save(root, str(folder))
    return folder


@pytest.mark.parametrize("alone", [True, False])
def test_outputs_of_gigabytes_are_never_made(tmp_path, alone):
    model = large(tmp_path / "m", lambda x: [tf.shape(x)[0], 1 << 30])
    told = (
        r"Model '.*/m' fails when __call__ is called: expected outputs of at most 2147483648 bytes"
        r" for a batch of 1, found 4294967296\. Save smaller ones\."
    )
    with pytest.raises(VerificationError, match=told):
        verify(VerifyRequest(model, reference_dir=None if alone else model))


def test_outputs_that_are_larger_than_a_function_states(tmp_path, monkeypatch):
    model = large(tmp_path / "m", lambda x: [tf.cast(x[0, 0] * 0, tf.int32) + 999])
    monkeypatch.setattr("exporter.verifier.subjects.output_bounds.MAX_OUTPUTS", 2000)
    with pytest.raises(VerificationError, match="at most 2000 bytes for a batch of 1, found 3996"):
        verify(VerifyRequest(model))


def test_probes_that_a_model_does_not_take(tmp_path):
    model = demanding(tmp_path / "m", small=lambda x: tf.debugging.assert_less(x, 0.75))
    report = compared(model, model)
    assert report.passed
    left_out = [c for c in report.checks if c.name == "__call__" and c.status == "skipped"]
    assert [c.case for c in left_out if c.group == "outputs"] == [
        *("probe 'ones'", "probe 'ramp'", "probe 'extremes'", "probe 'bytes'")
    ]
    assert left_out[0].message.startswith("the reference does not take it: assertion failed")


def test_another_vocabulary(tmp_path):
    """Words that no probe holds."""
    for name, content in (("reference", "cat\ndog\n"), ("changed", "dog\ncat\n")):
        (tmp_path / "vocabulary.txt").write_text(content)
        root = tf.train.Checkpoint()
        root.vocabulary = tf.saved_model.Asset(str(tmp_path / "vocabulary.txt"))
        serve = tf.function(lambda x: {"y": x + 1}, input_signature=[tf.TensorSpec([None])])
        tf.saved_model.save(root, str(tmp_path / name), signatures={"serving_default": serve})
    other = compared(tmp_path / "changed", tmp_path / "reference")
    assert [check.name for check in other.failures] == ["asset assets/vocabulary.txt"]


def test_nothing_to_call(tmp_path):
    tf.saved_model.save(tf.train.Checkpoint(bias=variable(1, "bias")), str(tmp_path / "m"))
    with pytest.raises(VerificationError, match=r"expected __call__ or a signature, found nothing"):
        compared(tmp_path / "m", tmp_path / "m")


def test_signatures_with_strange_names(tmp_path):
    model = demanding(tmp_path / "m", name="it's")
    assert compared(model, model).passed


def test_an_op_that_tensorflow_lacks(tmp_path):
    def change(graph):
        node = next(
            n for f in graph.graph_def.library.function for n in f.node_def if n.op == "Conv2D"
        )
        node.op = "MyConv2D"

    model = edited(by_hand(tmp_path / "m"), tmp_path / "strange", change)
    with pytest.raises(VerificationError, match="needs the op 'MyConv2D', which TensorFlow 2"):
        compared(model, tmp_path / "m", trust=True)
