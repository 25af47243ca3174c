"""What a call does to a model's variables is taken back, and no more than that."""

import pytest
import tensorflow as tf
from support.foreign_models import FLOATS, STRINGS, Root, called, made, saved
from support.handmade import save, variable
from support.judging import compared, failed, rules, skipped

from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.subject import PLAIN, unequal

pytestmark = pytest.mark.numerics

AVERAGES = ["conv/BatchNorm/moving_mean", "conv/BatchNorm/moving_variance"]


def test_what_a_call_changes_is_assigned_and_nothing_else(tmp_path, monkeypatch):
    model = load_model(save(tmp_path / "model"))
    before, assigned = model.variables(), []

    def noted(name, assign):
        return lambda *given, **more: assigned.append(name) or assign(*given, **more)

    for name, held in model.interface.variables.items():
        monkeypatch.setattr(held, "assign", noted(name, held.assign))
    inputs = model.examples.few().inputs
    called = model.training([PLAIN], inputs, {})[PLAIN]
    assert unequal(before, called.variables) == assigned == AVERAGES
    assert not unequal(before, model.variables())
    model.inference([PLAIN], inputs)
    assert assigned == AVERAGES
    assert model.left(PLAIN) == {}


@pytest.mark.parametrize("batch", [None, 1])
def test_what_some_values_alone_change(tmp_path, batch):
    """The largest value so far, as observers keep it, which begins above most probes."""

    def keeping(folder, keeps):
        root = Root()
        root.largest = variable(1.0, "largest", trainable=False)

        def call(x):
            if keeps:
                root.largest.assign(tf.maximum(root.largest, tf.reduce_max(x)))
            return root.layer(x) + 0 * root.largest

        called(root, call, tf.TensorSpec([batch, *FLOATS.shape[1:]]))
        return saved(root, folder)

    reference = keeping(tmp_path / "reference", keeps=False)
    wrong = failed(compared(keeping(tmp_path / "wrong", keeps=True), reference))
    told = "expected no variable to change, found 1: largest"
    assert wrong == {("frozen", PLAIN): told}


def test_tables_that_calls_change_are_named(tmp_path):
    """Nobody can put them back, so the second of two equal models would give something else."""
    root = Root()
    root.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)

    def count(words):
        known = root.table.lookup(words)
        root.table.insert(words, known + 1)
        return {"known": known}

    called(root, root.layer, FLOATS)
    model = saved(root, tmp_path / "model", count=made(count, STRINGS))
    checks = compared(model, model)
    assert failed(checks) == {}
    assert skipped(checks)["outputs", "signature 'count'"] == (
        "signature 'count' cannot be compared: expected calls whose changes can be put back, found"
        " LookupTableInsertV2"
    )
    assert rules(model)["R27"].status == "skipped"
