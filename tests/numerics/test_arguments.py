"""Arguments of `__call__`: wherever they stand; those that may be left out are tried, or named."""

import numpy as np
import pytest
import tensorflow as tf
from support.foreign_models import FLOATS, Root, saved
from support.judging import compared, failed, skipped

from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.recomputing import How, call_graph, recompute
from exporter.verifier.subjects.subject import PLAIN

pytestmark = pytest.mark.numerics


def taking(folder, compute, *traces):
    """Saves a model whose `__call__` is made from a root, traced with keyword arguments."""
    root = Root()
    function = tf.function(compute(root), autograph=False)
    for arguments in traces:
        function.get_concrete_function(FLOATS, **arguments)
    root.__call__ = function
    return saved(root, folder)


def number(dtype):
    return tf.TensorSpec([], dtype)


def test_a_number_that_is_ignored_in_inference(tmp_path):
    def made(name, *, ignored):
        def compute(root):
            def call(x, temperature=1.0):
                return root.layer(x) / (1.0 if ignored else temperature)

            return call

        return taking(tmp_path / name, compute, {"temperature": number(tf.float32)})

    reference = made("reference", ignored=False)
    same = compared(reference, reference)
    assert failed(same) == {}
    assert {c.case for c in same if c.name == "__call__"} >= {"batch 3, temperature 0"}
    assert ("outputs", "__call__") in failed(compared(made("wrong", ignored=True), reference))


@pytest.mark.parametrize(("default", "dtype"), [(2, tf.int32), (True, tf.bool)])
def test_numbers_of_other_types(tmp_path, default, dtype):
    def made(name, *, ignored):
        def compute(root):
            def call(x, training=False, factor=default):
                y = root.layer(x) * tf.cast(default if ignored else factor, tf.float32)
                return 2 * y if training else y

            return call

        traces = [{"training": mode, "factor": number(dtype)} for mode in (False, True)]
        return taking(tmp_path / name, compute, *traces)

    reference = made("reference", ignored=False)
    assert failed(compared(reference, reference)) == {}
    wrong = failed(compared(made("wrong", ignored=True), reference))
    assert {group for group, _ in wrong} == {"outputs", "training"}


def test_numbers_that_a_model_does_not_take(tmp_path):
    def compute(root):
        def call(x, training=False, rate=0.5):
            tf.debugging.assert_less(rate, 1.0)
            return root.layer(x) * rate if training else root.layer(x)

        return call

    traces = [{"training": mode, "rate": number(tf.float32)} for mode in (False, True)]
    model = taking(tmp_path / "model", compute, *traces)
    checks = compared(model, model)
    assert failed(checks) == {}
    for group in ("outputs", "training"):
        assert skipped(checks)[group, "__call__"].startswith("the reference gives no result: ass")
    assert any(c.group == "training" and c.values for c in checks)


def test_tensors_that_may_be_left_out_are_named(tmp_path):
    def compute(root):
        def call(x, mask=None):
            return root.layer(x) if mask is None else root.layer(x) * mask[:, None]

        return call

    mask = {"mask": tf.TensorSpec([None], tf.float32)}
    model = taking(tmp_path / "model", compute, {}, mask)
    checks = compared(model, model)
    assert failed(checks) == {}
    (left_out,) = [c for c in checks if c.case == "mask"]
    assert left_out.status == "skipped"
    assert left_out.message == ("calls leave this argument out, whose default is no number")


def test_tensors_that_are_never_left_out(tmp_path):
    def made(name, factor):
        def compute(root):
            def call(x, mask=None):
                return root.layer(x) * mask[:, None] * factor

            return call

        return taking(tmp_path / name, compute, {"mask": tf.TensorSpec([None], tf.float32)})

    reference = made("reference", 1.0)
    assert failed(compared(reference, reference)) == {}
    assert failed(compared(made("wrong", 2.0), reference)).keys() == {("outputs", "__call__")}


def keyword_only(root, swap):
    def call(x, *, a, b):
        a, b = (b, a) if swap else (a, b)
        return root.layer(x) - 2 * root.layer(a) + 3 * root.layer(b)

    return call, (FLOATS,), {"a": FLOATS, "b": FLOATS}


def by_any_name(root, swap):
    def call(x, **more):
        a, b = (more["b"], more["a"]) if swap else (more["a"], more["b"])
        return root.layer(x) - 2 * root.layer(a) + 3 * root.layer(b)

    return call, (FLOATS,), {"a": FLOATS, "b": FLOATS}


def starred(root, swap):
    def call(*given):
        a, b = given[::-1] if swap else given
        return root.layer(a) - 2 * root.layer(b)

    return call, (FLOATS, FLOATS), {}


def unused_stars(root, swap):
    def call(x, weight, *args, **more):
        x, weight = (weight, x) if swap else (x, weight)
        return root.layer(x) - 2 * root.layer(weight)

    return call, (FLOATS, FLOATS), {}


@pytest.mark.parametrize("kind", [keyword_only, by_any_name, starred, unused_stars])
def test_arguments_wherever_they_stand(tmp_path, kind):
    def made(name, *, swap):
        root = Root()
        call, given, named = kind(root, swap)
        root.__call__ = tf.function(call, autograph=False)
        root.__call__.get_concrete_function(*given, **named)
        return saved(root, tmp_path / name)

    reference = made("reference", swap=False)
    checks = compared(reference, reference)
    assert failed(checks) == {}
    assert any(c.name == "__call__" and c.values for c in checks)
    wrong = failed(compared(made("wrong", swap=True), reference))
    assert wrong.keys() == {("outputs", "__call__")}


def test_a_mode_whose_default_was_never_traced(tmp_path):
    """As Keras saves models with a call of their own."""

    def made(name, factor):
        def compute(root):
            def call(x, *args, training=None, **more):
                return root.layer(x) * (2.0 if training else factor)

            return call

        return taking(tmp_path / name, compute, {"training": False}, {"training": True})

    reference = made("reference", 1.0)
    checks = compared(reference, reference)
    assert failed(checks) == {}
    assert skipped(checks) == {}
    wrong = failed(compared(made("wrong", 1.5), reference))
    # And once more after a step of SGD.
    assert wrong.keys() == {("outputs", "__call__"), ("SGD step", "__call__")}


def test_noise_is_measured_of_the_same_arguments(tmp_path):
    """Of those by name alone, TensorFlow sorts what a function is given."""
    root = Root()
    call = lambda x, *, b, a: root.layer(x) - 2 * root.layer(a) + 3 * root.layer(b)  # noqa: E731
    root.__call__ = tf.function(call, autograph=False)
    root.__call__.get_concrete_function(FLOATS, b=FLOATS, a=FLOATS)
    model = load_model(saved(root, tmp_path / "model"))
    inputs = model.examples.few().inputs
    found = recompute(call_graph(model, PLAIN), model, inputs, How()).arrays()[""]
    np.testing.assert_allclose(found, model.inference([PLAIN], inputs)[PLAIN][""], rtol=1e-4)
