"""What is read of a meta graph, on which checks of its safety rest."""

import pytest
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from exporter.releases import scan
from exporter.releases.scanned_graph import read


@pytest.fixture
def graph():
    """A graph with two functions of one name, of which the first reads a file."""
    graph = meta_graph_pb2.MetaGraphDef()
    graph.graph_def.node.add(name="a", op="Placeholder")
    node = graph.graph_def.node.add(name="b", op="twin", input=["a:0", "^c"])
    node.attr["f"].func.name = "other"
    for op in ("ReadFile", "NoOp"):
        function = graph.graph_def.library.function.add()
        function.signature.name = "twin"
        function.node_def.add(name="inside", op=op)
    return graph


def test_nodes(graph):
    a, b = read(graph).nodes
    assert (a.inputs, a.needs, a.calls) == ((), (), ("Placeholder",))
    assert (b.inputs, b.needs, b.calls) == (("a",), ("a", "c"), ("twin", "other"))
    assert read(graph).needs == {"a": (), "b": ("a", "c")}


def test_functions_of_one_name_are_all_looked_at(graph, tmp_path):
    assert read(graph).calls == {"twin": {"ReadFile", "NoOp"}}
    model = saved_model_pb2.SavedModel(meta_graphs=[graph])
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    found = [str(one) for one in scan.scan(tmp_path)]
    assert "'ReadFile' in function 'twin' of meta graph 0, node 'inside'" in found


def test_what_is_asked_for(graph):
    graph.signature_def["y"].outputs["y"].name = "b:0"
    graph.collection_def["main"].node_list.value.append("a")
    assert read(graph).roots == {"signature 'y'": {"b", ""}, "collection 'main'": {"a"}}


def test_functions_of_savers_are_not_offered(graph):
    objects = graph.object_graph_def.nodes
    for name in ("save", "restore", "call"):
        objects.add().function.concrete_functions.append(name)
    objects.add().saveable_objects["v"].restore_function = 1
    assert read(graph).savers == {"save", "restore"}
    assert read(graph).offered == ((2, "call"),)
