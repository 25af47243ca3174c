"""Contracts of others' models: signatures of TensorFlow 1, and what Keras keeps for itself."""

import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from support import foreign_signatures as foreign
from support.contracts import told_letters
from support.mutating import edited
from tensorflow.core.protobuf import saved_model_pb2

from exporter.contract import contract_check, contract_lock
from exporter.contract.compare_contracts import compare
from exporter.contract.meta_graphs import meta_graphs
from exporter.errors import ContractError


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return foreign.tf1_builder(tmp_path_factory.mktemp("tf1") / "model")


def test_a_model_of_tensorflow_1_is_locked_by_its_signatures(built, tmp_path):
    contract = contract_lock(built, tmp_path / "contract.json")
    (signature,) = contract.signatures.values()
    assert (list(signature.inputs), list(signature.outputs)) == (["x"], ["y"])
    assert (signature.inputs["x"].shape, signature.outputs["y"].shape) == ((None, 4), (None, 3))
    assert (contract.tags, contract.root, contract.children) == (("serve",), "nothing", {})
    assert {n: v.trainable for n, v in contract.variables.items()} == {
        "dense/bias": False,
        "dense/kernel": True,
    }
    assert "MatMul" in contract.ops
    assert contract.saver == "V2"
    assert contract_check(built, tmp_path / "contract.json").differences == ()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"change": 1.0}, {}),
        ({"name": "images"}, {"C17": "B---", "C18": "B---"}),
        ({"output": "logits"}, {"C22": "B---", "C23": "B---"}),
    ],
)
def test_later_ones_are_held_to_it(built, tmp_path, changed, expected):
    found = contract_lock(foreign.tf1_builder(tmp_path / "model", **changed))
    assert told_letters(contract_lock(built), found) == expected


@pytest.mark.parametrize("kind", ["tf1_simple_save", "tf1_estimator", "tf1_table"])
def test_other_ways_of_saving(tmp_path, kind):
    make = foreign.SIGNATURE_KINDS[kind]
    contract = contract_lock(make(tmp_path / "model"), tmp_path / "contract.json")
    assert "serving_default" in contract.signatures
    again = make(tmp_path / "again", change=1.0)
    assert not contract_check(again, tmp_path / "contract.json").failures


def test_reference_variables(tmp_path):
    model = foreign.tf1_builder(tmp_path / "model", resource=False)
    contract = contract_lock(model)
    assert list(contract.variables) == ["dense/bias", "dense/kernel"]
    assert not contract.signatures["serving_default"].updates


def test_a_module_of_tensorflow_hub_has_signatures_for_each_set_of_tags(tmp_path):
    contract = contract_lock(foreign.tf1_hub_module(tmp_path / "model"))
    assert contract.tags == ("", "train")
    assert list(contract.signatures) == ["default", "default [train]"]
    assert contract.offers_something


def graphs_of(*tag_sets):
    model = saved_model_pb2.SavedModel()
    for tags in tag_sets:
        model.meta_graphs.add().meta_info_def.tags.extend(tags)
    return meta_graphs(Path("m"), model)


def test_servers_get_the_main_one_of_several_graphs():
    for tag_sets, main in (
        ([["train"], [], ["serve"]], "serve"),
        ([["train"], []], ""),
        ([["train"], ["gpu", "serve"]], "train"),
    ):
        graphs = graphs_of(*tag_sets)
        assert ", ".join(graphs.main.meta_info_def.tags) == main
        assert not graphs.has_objects
        assert len(graphs.tags) == len(tag_sets)
    with pytest.raises(
        ContractError, match=r"expected other tags for each, found \[a, b\], \[a, b\]"
    ):
        graphs_of(["a", "b"], ["b", "a"])


def test_the_index_is_missing(built, tmp_path):
    copy = shutil.copytree(built, tmp_path / "copy")
    (copy / "variables/variables.index").unlink()
    with pytest.raises(ContractError, match="expected an index of its variables"):
        contract_lock(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g.collection_def["trainable_variables"].bytes_list.value.append(b"\xff"),
        lambda g: setattr(g.saver_def, "version", 7),
    ],
)
def test_lists_and_savers_that_are_none(built, tmp_path, change):
    with pytest.raises(ContractError, match="is damaged: expected a whole object graph in"):
        contract_lock(edited(built, tmp_path / "edited", change))


@pytest.fixture(scope="module")
def keras_models(tmp_path_factory):
    place = tmp_path_factory.mktemp("keras")
    return [contract_lock(foreign.keras_2(place / str(layers), layers=layers)) for layers in (2, 3)]


def test_what_keras_keeps_for_itself_is_one_cosmetic_difference(keras_models):
    small, large = keras_models
    assert "layer-0.__call__" in small.functions
    differences = compare(small, large)
    (kept,) = [d for d in differences if d.rule == "C95"]
    assert set(kept.classes.values()) == {"COSMETIC"}
    assert "'layer-2" in kept.found
    others = [d.subject for d in differences if d.rule != "C95"]
    assert not [s for s in others if "layer-" in s and "path" not in s], others
    for consumer in ("serving", "keras_layer"):
        assert [d.name for d in differences if d.breaks(consumer)] == []


def test_what_others_call_still_counts(keras_models, tmp_path):
    """A Keras model's own `__call__` is no part that it keeps for itself."""
    small, _ = keras_models
    call = small.functions["__call__"]
    found = small.model_copy(
        update={
            "functions": {**small.functions, "__call__": call.model_copy(update={"traces": ()})}
        }
    )
    assert "C46" in {d.rule for d in compare(small, found)}


def test_a_lock_of_nothing_is_warned_of(slim_export, tmp_path):
    root = tf.Module()
    root.weights = tf.Variable(1.0)
    tf.saved_model.save(root, str(tmp_path / "model"))
    flags = (f"--model_dir={tmp_path / 'model'}", f"--lock={tmp_path / 'contract.json'}")
    result = slim_export("contract", "lock", *flags)
    assert result.returncode == 0
    assert "0 signatures, 0 traces, 1 variable" in result.stdout
    assert "offers nothing to call: expected signatures or traced functions" in result.stderr
