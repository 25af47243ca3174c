"""SavedModels: what is read of them, and how others are classed."""

import shutil

import pytest
from support.contracts import told_letters

from exporter.contract import contract_lock


def test_what_is_read(locked):
    call = locked.functions["__call__"]
    assert [(a.name, a.default) for a in call.arguments] == [
        ("inputs", None),
        ("training", "False"),
        ("return_endpoints", "False"),
        ("batch_norm_momentum", "0.99"),
    ]
    told = [(t.training, t.outputs.kind, sorted(t.outputs.leaves), t.unused) for t in call.traces]
    ends, ignored = ["default", "net/layer_1", "net/layer_2"], ("batch_norm_momentum",)
    assert sorted(told) == [
        (False, "dict", ends, ignored),
        (False, "tensor", [""], ignored),
        (True, "dict", ends, ()),
        (True, "tensor", [""], ()),
    ]
    means = ("net/a/mean", "net/b/mean")
    assert {t.updates for t in call.traces if t.training} == {means}
    assert {t.updates for t in call.traces if not t.training} == {()}
    (loss,) = locked.losses
    assert (loss.variables, loss.value.kind) == (("net/a/weights", "net/b/weights"), "tensor")
    signature = locked.signatures["serving_default"]
    assert signature.inputs["inputs"].shape == (None, 4)
    assert list(locked.signatures) == ["serving_default"]
    assert locked.lists["variables"].names == (
        *("net/a/weights", "net/a/gamma", "net/a/mean"),
        *("net/b/weights", "net/b/gamma", "net/b/mean"),
    )
    assert {found.order for found in locked.lists.values()} == {"network"}
    assert locked.variables["net/a/mean"].path == "variables/*"
    assert not locked.variables["net/a/mean"].trainable
    assert locked.ops["AssignSubVariableOp"].places == ("training",)
    assert locked.ops["L2Loss"].places == ("training",)
    assert locked.ops["SaveV2"].places == ("saver",)
    assert {"signatures", "inference", "training"} <= set(locked.ops["MatMul"].places)
    assert locked.index_mismatches == ()


def test_same_model_same_text(small, locked, save, tmp_path):
    text = locked.to_json()
    assert contract_lock(small).to_json() == text
    assert contract_lock(shutil.copytree(small, tmp_path / "copy")).to_json() == text
    assert text.endswith("}\n")
    assert text.index('"assets"') < text.index('"children"') < text.index('"variables"')
    assert '"shape": [null, 4]' in text
    assert type(locked).model_validate_json(text) == locked


def test_saved_again_nothing_breaks(locked, save):
    """Functions have other numbers then, which nobody calls by."""
    assert told_letters(locked, contract_lock(save())) == {}


SAVED = {
    "batch fixed": ({"shape": (1, 4)}, {"C27": "B---", "C49": "-BB-", "C58": "-BB-"}),
    "no updates": ({"assigns": False}, {"C59": "--B-", "C61": "--B-", "C89": "----"}),
    "order": ({"order": (1, 0, 2, 3, 4, 5)}, {"C79": "---B"}),
    "reversed": ({"order": (5, 4, 3, 2, 1, 0)}, {"C79": "---B"}),
    "random": (
        {"last": lambda x: x + tensorflow().random.uniform([4])},
        {"C84": "B---", "C85": "-BB-", "C86": "--B-"},
    ),
    "served in training mode": ({"served_momentum": 0.9}, {"C90": "B---"}),
    "other op": ({"last": lambda x: x * tensorflow().math.erf(x)}, {"C87": "CCC-"}),
    "half": (
        {"last": lambda x: tensorflow().cast(x, "float16")},
        {"C25": "B---", "C55": "-BB-", "C87": "CCC-"},
    ),
    "Python": (
        {"last": lambda x: tensorflow().ensure_shape(as_python(x), [None, 4])},
        {"C83": "BBB-", "C87": "CCC-"},
    ),
}


def as_python(x):
    return tensorflow().numpy_function(abs, [x], "float32")


def tensorflow():
    import tensorflow as tf

    return tf


@pytest.mark.parametrize("name", SAVED)
def test_saved_otherwise(name, locked, save):
    options, expected = SAVED[name]
    assert told_letters(locked, contract_lock(save(**options))) == expected
