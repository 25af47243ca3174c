"""Functions that are run though no node names them, and graphs that say too much to be judged."""

import pytest

from exporter import quiet

quiet.import_tensorflow()

from support.mutating import edited  # noqa: E402
from tensorflow.core.framework import function_pb2  # noqa: E402

from exporter.errors import PublishError  # noqa: E402
from exporter.releases import scan  # noqa: E402
from exporter.releases.other_calls import other_calls  # noqa: E402


def by_default(library):
    attribute = library.function[0].signature.attr.add(name="h", type="func")
    attribute.default_value.func.name = "saver"


def by_what_is_handed_on_by_default(library):
    by_default(library)
    called = library.function[0].signature.attr[0].default_value.func
    called.name = "other"
    called.attr["branches"].list.func.add(name="saver")


def as_a_gradient(library):
    """`SymbolicGradient` calls it with what the other function is given."""
    library.gradient.add(function_name="relu", gradient_func="saver")


def as_a_registered_gradient(library):
    library.registered_gradients.add(registered_op_type="x", gradient_func="saver")


def in_place_of_others(library):
    """TensorFlow exchanges functions that say that they implement the same."""
    for function in library.function:
        function.attr["api_implements"].s = b"relu"


@pytest.mark.parametrize(
    ("change", "role"),
    [
        (by_default, "what function 'relu' calls if it is not told otherwise"),
        (by_what_is_handed_on_by_default, "what function 'relu' calls if it is not told"),
        (as_a_gradient, "a gradient"),
        (as_a_registered_gradient, "a gradient"),
        (in_place_of_others, "a function in place of others"),
    ],
)
def test_found(change, role):
    library = function_pb2.FunctionDefLibrary()
    for name in ("relu", "saver"):
        library.function.add().signature.name = name
    assert list(other_calls(library)) == []
    change(library)
    found = dict(other_calls(library))
    assert found["saver"].startswith(role)


def function(graph, part):
    return next(f for f in graph.graph_def.library.function if part in f.signature.name)


def saver_as_a_gradient(graph):
    saver = function(graph, "_traced_save").signature.name
    graph.graph_def.library.gradient.add(function_name="relu", gradient_func=saver)


def saver_handed_on(graph):
    inner = graph.graph_def.library.function.add()
    inner.signature.name = "relu"
    inner.signature.attr.add(name="h", type="func")
    inner.node_def.add(name="y", op="PartitionedCall").attr["f"].placeholder = "h"
    node = function(graph, "call").node_def.add(name="evil", op="PartitionedCall")
    node.attr["f"].func.name = "relu"
    saver = function(graph, "_traced_save").signature.name
    node.attr["f"].func.attr["h"].func.name = saver


def namesakes(graph):
    graph.graph_def.library.function.add().CopyFrom(function(graph, "call"))
    function(graph, "call").node_def.add(name="evil", op="WriteFile")


def constant_of_an_op_without_one(graph):
    """Loaders make the value of any node that an object names."""
    node = graph.graph_def.node.add(name="evil", op="NoOp")
    node.attr["value"].tensor.tensor_shape.dim.add(size=1 << 40)


@pytest.mark.parametrize(
    ("change", "op", "where"),
    [
        (saver_as_a_gradient, "__inference__traced_save", "a gradient of meta graph 0"),
        (saver_handed_on, "__inference__traced_save", "function '__inference_"),
        (namesakes, "call", "meta graph 0, more than once"),
        (constant_of_an_op_without_one, "NoOp of 1099511627776 values", "node 'evil'"),
    ],
)
def test_refused_by_name(tiny_model, tmp_path, change, op, where):
    assert scan.scan(tiny_model) == ()
    found = scan.scan(edited(tiny_model, tmp_path / "edited", change))
    assert any(op in f.what and where in f.where for f in found), found


def test_each_path_is_judged_once(tiny_model, tmp_path):
    """However many ways lead to it, and however long they are."""

    def change(graph):
        restore = function(graph, "_traced_restore")
        before = "file_prefix"
        for number in range(3000):
            restore.node_def.add(name=f"path{number}", op="Pack", input=[before, before])
            before = f"path{number}:output:0"
        next(n for n in restore.node_def if n.op == "RestoreV2").input[0] = before

    assert scan.scan(edited(tiny_model, tmp_path / "edited", change)) == ()


def test_savers_that_are_no_objects(tiny_model, tmp_path):
    def change(graph):
        graph.object_graph_def.nodes[0].saveable_objects["v"].save_function = 99

    with pytest.raises(PublishError, match="is damaged: expected savers that are among its obj"):
        scan.check(edited(tiny_model, tmp_path / "edited", change))
