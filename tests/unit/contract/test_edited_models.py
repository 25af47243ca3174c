"""SavedModels whose protobuf was changed: read as if they lay on disk, and classed."""

import pytest
import tensorflow as tf
from support.contracts import told_letters

from exporter.errors import ContractError


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
    return tf.make_tensor_proto(1.0)


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
    assert told_letters(locked, edited(change)) == expected


def test_functions_that_call_themselves(edited):
    with pytest.raises(ContractError, match="found one that calls itself"):
        edited(call_itself)
