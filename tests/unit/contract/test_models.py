"""Changed SavedModels: read from their files, and classed."""

import shutil

import pytest
from support.contracts import letters_of

from exporter import quiet
from exporter.contract import contract_lock
from exporter.contract.compare_contracts import compare
from exporter.errors import ContractError
from exporter.protobufs import read_saved_model


@pytest.fixture(scope="module")
def save(tmp_path_factory):
    """Saves a small model."""
    quiet.import_tensorflow()
    from support.small_models import Small

    def run(**changes):
        return Small(**changes).save(tmp_path_factory.mktemp("small") / "model")

    return run


@pytest.fixture(scope="module")
def small(save):
    return save()


@pytest.fixture(scope="module")
def locked(small):
    return contract_lock(small)


@pytest.fixture(scope="module")
def edited(small):
    """Reads the small model as if its protobuf were another."""
    from exporter.contract.read import read

    model = read_saved_model(small, ContractError)

    def run(change):
        copy = type(model).FromString(model.SerializeToString())
        change(copy.meta_graphs[0])
        return read(small, copy)

    return run


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
    assert found_letters(locked, contract_lock(save())) == {}


def found_letters(locked, found):
    letters = letters_of(compare(locked, found))
    letters.pop("C07", None)  # sizes depend on the length of names
    return letters


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
    assert found_letters(locked, contract_lock(save(**options))) == expected


def node_of(graph, name):
    (found,) = [n for n in graph.object_graph_def.nodes if n.variable.name == name]
    return found.variable


def call_of(graph):
    objects = graph.object_graph_def.nodes
    children = {child.local_name: child.node_id for child in objects[0].children}
    return objects[children["__call__"]].function


def argspec(graph):
    pairs = call_of(graph).function_spec.fullargspec.named_tuple_value.values
    return {pair.key: pair.value for pair in pairs}


def rename_argument(graph):
    argspec(graph)["args"].list_value.values[0].string_value = "images"


def swap(graph, name, places=(0, 1)):
    objects = graph.object_graph_def.nodes
    children = {child.local_name: child.node_id for child in objects[0].children}
    a, b = (objects[children[name]].children[place] for place in places)
    a.node_id, b.node_id = b.node_id, a.node_id


def forget(graph, name):
    children = graph.object_graph_def.nodes[0].children
    kept = [child for child in children if child.local_name != name]
    del children[:]
    children.extend(kept)


def drop_traces(graph, wanted):
    functions = graph.object_graph_def.concrete_functions
    call = call_of(graph)
    for name in list(call.concrete_functions):
        values = functions[name].canonicalized_input_signature.tuple_value.values
        if values[0].tuple_value.values[1].bool_value is wanted:
            call.concrete_functions.remove(name)


def served(graph):
    return graph.signature_def["serving_default"]


def number():
    return tensorflow().make_tensor_proto(1.0)


def rename_functions(graph):
    renamed = graph.SerializeToString().replace(b"inference_call_fn", b"inference_body_fn")
    assert renamed != graph.SerializeToString()
    graph.ParseFromString(renamed)


def rename_end_point(graph):
    for found in graph.object_graph_def.concrete_functions.values():
        fields = found.output_signature.dict_value.fields
        if "net/layer_1" in fields:
            fields["net/conv"].CopyFrom(fields.pop("net/layer_1"))


def call_itself(graph):
    for function in graph.graph_def.library.function:
        node = function.node_def.add(name="again", op="PartitionedCall")
        node.attr["f"].func.name = function.signature.name
        node.input.extend(argument.name for argument in function.signature.input_arg)


def rename_input(graph):
    inputs = served(graph).inputs
    inputs["images"].CopyFrom(inputs.pop("inputs"))


def default_momentum(field, value):
    return lambda g: setattr(argspec(g)["defaults"].tuple_value.values[2], field, value)


EDITED = {
    "momentum": (default_momentum("float64_value", 0.9), {"C39": "--B-"}),
    "momentum as text": (default_momentum("string_value", "0.9"), {"C38": "-BB-"}),
    "signature's input": (rename_input, {"C17": "B---", "C18": "B---"}),
    "argument renamed": (rename_argument, {"C32": "-BB-"}),
    "training flipped": (
        lambda g: setattr(argspec(g)["defaults"].tuple_value.values[0], "bool_value", True),
        {"C38": "-BB-"},
    ),
    "no training traces": (lambda g: drop_traces(g, True), {"C46": "--B-"}),
    "end point renamed": (rename_end_point, {"C53": "-BB-", "C54": "-CC-"}),
    "swapped in the file": (lambda g: swap(g, "trainable_variables"), {"C79": "---B"}),
    "frozen": (lambda g: setattr(node_of(g, "net/a/gamma"), "trainable", False), {"C71": "--B-"}),
    "aggregation": (lambda g: setattr(node_of(g, "net/a/mean"), "aggregation", 3), {"C72": "--B-"}),
    "variable renamed": (
        lambda g: setattr(node_of(g, "net/a/gamma"), "name", "net/a/scale"),
        {"C68": "--BB"},
    ),
    "namesakes": (
        lambda g: setattr(node_of(g, "net/b/mean"), "name", "net/a/mean"),
        {"C68": "--BB"},
    ),
    "wider than its value": (
        lambda g: setattr(node_of(g, "net/a/gamma").shape.dim[0], "size", 8),
        {"C69": "--BB", "C81": "BBBB"},
    ),
    "no losses": (lambda g: forget(g, "regularization_losses"), {"C63": "--B-"}),
    "tag twice": (lambda g: g.meta_info_def.tags.append("serve"), {}),
    "features freed": (
        lambda g: setattr(served(g).outputs["features"].tensor_shape.dim[1], "size", -1),
        {"C91": "B---"},
    ),
    "no signatures of the object": (lambda g: forget(g, "signatures"), {"C92": "B---"}),
    "tags": (lambda g: g.meta_info_def.tags.append("gpu"), {"C01": "BBB-"}),
    "no signature": (lambda g: g.signature_def.pop("serving_default"), {"C14": "B---"}),
    "two signatures": (
        lambda g: g.signature_def["again"].CopyFrom(served(g)),
        {"C15": "C---"},
    ),
    "method": (lambda g: setattr(served(g), "method_name", "x"), {"C16": "B---"}),
    "default of an input": (
        lambda g: served(g).defaults["inputs"].CopyFrom(number()),
        {"C21": "C---"},
    ),
    "unused custom op": (
        lambda g: g.graph_def.node.add(name="custom", op="Mine>NoSuchOp"),
        {"C82": "BBB-"},
    ),
    "op in a function that nobody calls": (
        lambda g: g.graph_def.library.function.add().node_def.add(name="read", op="ReadFile"),
        {"C83": "BBB-"},
    ),
    "in the saver": (
        lambda g: next(
            f for f in g.graph_def.library.function if "traced_save" in f.signature.name
        ).node_def.add(name="files", op="MatchingFiles"),
        {"C83": "BBB-"},
    ),
    "no saver": (lambda g: g.ClearField("saver_def"), {"C05": "B--B"}),
    "saver that is not there": (
        lambda g: setattr(g.saver_def, "restore_op_name", "nowhere"),
        {"C05": "B--B"},
    ),
    "no list of variables": (
        lambda g: forget(g, "variables"),
        {"C73": "---B", "C74": "--BB"},
    ),
    "newer graph": (lambda g: setattr(g.graph_def.versions, "min_consumer", 2000), {"C02": "BBB-"}),
    "functions' names": (rename_functions, {}),
    "order of children": (
        lambda g: g.object_graph_def.nodes[0].children.append(
            g.object_graph_def.nodes[0].children.pop(0)
        ),
        {},
    ),
    "XLA": (lambda g: setattr(call_of(g).function_spec, "jit_compile", 1), {"C44": "-BB-"}),
}


@pytest.mark.parametrize("name", EDITED)
def test_edited(name, locked, edited):
    change, expected = EDITED[name]
    assert found_letters(locked, edited(change)) == expected


def test_functions_that_call_themselves(edited):
    with pytest.raises(ContractError, match="found one that calls itself"):
        edited(call_itself)
