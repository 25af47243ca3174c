"""What refers to what in the protobufs of a SavedModel."""

import os

import pytest
from tensorflow.core.framework import graph_pb2
from tensorflow.core.protobuf import saved_model_pb2, saved_object_graph_pb2

from exporter import protobufs
from exporter.errors import ContractError, PublishError


@pytest.fixture
def graph():
    """A graph that calls `outer`, which calls `inner`; nothing calls `alone`."""
    graph = graph_pb2.GraphDef()
    node = graph.node.add(name="call", op="PartitionedCall", input=["x:0", "^first"])
    node.attr["f"].func.name = "outer"
    for name in ("outer", "inner", "alone"):
        function = graph.library.function.add()
        function.signature.name = name
        function.node_def.add(name="inside", op=f"Op_{name}")
    branches = graph.library.function[0].node_def[0].attr["branches"].list
    branches.func.add(name="inner")
    return graph


def test_nodes_and_functions(graph):
    assert [n.op for n in protobufs.nodes_of(graph)] == [
        *("PartitionedCall", "Op_outer", "Op_inner", "Op_alone")
    ]
    library = protobufs.functions_of(graph)
    assert list(library) == ["outer", "inner", "alone"]
    assert protobufs.calls_of(graph.node) == {"outer"}
    assert protobufs.calls_of(library["outer"].node_def) == {"inner"}
    assert protobufs.inputs_of(graph.node) == {"call": ["x", "first"]}


def test_called_names_can_be_changed(graph):
    for node in protobufs.nodes_of(graph):
        for called in protobufs.called_by(node):
            called.name += "_1"
    assert protobufs.calls_of(protobufs.nodes_of(graph)) == {"outer_1", "inner_1"}


def test_closure_follows_circles_and_missing_names():
    edges = {"a": ["b", "nowhere"], "b": ["a"], "c": ["a"]}
    assert protobufs.closure(["a"], edges) == {"a", "b", "nowhere"}
    assert protobufs.closure([], edges) == set()


def test_objects():
    objects = saved_object_graph_pb2.SavedObjectGraph()
    root, members, call, bare = (objects.nodes.add() for _ in range(4))
    root.children.add(node_id=1, local_name="variables")
    for name, node in (("10", 3), ("9", 2), ("name", 0)):
        members.children.add(node_id=node, local_name=name)
    call.function.concrete_functions.extend(["f", "g"])
    bare.bare_concrete_function.concrete_function_name = "h"
    assert protobufs.children_of(objects, 1) == {"10": 3, "9": 2, "name": 0}
    assert protobufs.listed(objects, "variables") == [2, 3]
    assert protobufs.listed(objects, "losses") is None
    found = [protobufs.concrete_functions(node) for node in objects.nodes]
    assert found == [[], [], ["f", "g"], ["h"]]


def test_what_is_read(tmp_path):
    model = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    assert protobufs.read_saved_model(tmp_path, PublishError) == model


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: None, "is not a SavedModel: expected a folder with saved_model.pb, found"),
        (lambda folder: folder.mkdir(), "found nothing. Give the folder of a SavedModel, such as"),
        (
            lambda folder: (folder.mkdir(), (folder / "saved_model.pb").write_bytes(b"\xff")),
            "is damaged: expected a SavedModel's protobuf in saved_model.pb, found other bytes.",
        ),
    ],
)
@pytest.mark.parametrize("refusal", [ContractError, PublishError])
def test_each_stage_refuses_with_its_own_error(tmp_path, make, sentence, refusal):
    folder = tmp_path / "model"
    make(folder)
    with pytest.raises(refusal) as found:
        protobufs.read_saved_model(folder, refusal)
    assert str(found.value).startswith(f"Model '{folder}' ")
    assert sentence in str(found.value)


def test_a_path_that_is_no_text(tmp_path):
    """It is not the model that is to blame."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "saved_model.pb").touch()
    with pytest.raises(PublishError, match="cannot be read: expected a path in UTF-8"):
        protobufs.read_saved_model(folder, PublishError)
