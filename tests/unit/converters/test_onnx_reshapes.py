"""Reshapes that do nothing go, so that which of them tf2onnx left does not show in the file."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from exporter.converters.graphs.onnx_names import rename
from exporter.converters.graphs.onnx_reshapes import _equal, bypass_idle_reshapes

FLOAT = TensorProto.FLOAT


def graph_of(nodes, shape, after, **constants):
    """A model from `x`, of that shape, to `y`, of that number of dimensions."""
    graph = helper.make_graph(
        [helper.make_node(op, inputs, outputs) for op, inputs, outputs in nodes],
        "small",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, [None] * after)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    onnx.checker.check_model(model, full_check=True)
    return model


def written(model):
    bypass_idle_reshapes(model)
    rename(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def kinds(model):
    written(model)
    return [node.op_type for node in model.graph.node]


def reshaped(to, shape=(None, 8, 1, 1)):
    nodes = [("Relu", ["x"], ["a"]), ("Reshape", ["a", "s"], ["b"]), ("Relu", ["b"], ["y"])]
    return graph_of(nodes, shape, len(to), s=to)


def test_the_file_is_the_same_with_one_and_without():
    weights = np.ones((8, 8, 1, 1), np.float32)
    bare = [("Conv", ["x", "w"], ["a"]), ("Relu", ["a"], ["b"]), ("Conv", ["b", "w"], ["y"])]
    idle = [
        ("Conv", ["x", "w"], ["a"]),
        ("Reshape", ["a", "s"], ["a2"]),
        ("Reshape", ["a2", "s"], ["a3"]),
        ("Relu", ["a3"], ["b"]),
        ("Conv", ["b", "w"], ["y"]),
    ]
    shape = (None, 8, 1, 1)
    with_them = graph_of(idle, shape, 4, w=weights, s=[-1, 8, 1, 1])
    assert written(with_them) == written(graph_of(bare, shape, 4, w=weights))


@pytest.mark.parametrize("to", [[-1, 8, 1, 1], [0, -1, 1, 1], [0, 0, 0, 0]])
def test_idle(to):
    assert kinds(reshaped(to)) == ["Relu", "Relu"]


@pytest.mark.parametrize(
    ("to", "shape"),
    [
        ([-1, 1, 1, 8], (None, 8, 1, 1)),
        ([-1, 8], (None, 8, 1, 1)),
        ([1, 8, 1, 1], (None, 8, 1, 1)),
        ([-1, 4, 2, 1], (None, 8, 1, 1)),
    ],
)
def test_those_that_change_shapes_stay(to, shape):
    assert kinds(reshaped(to, shape)) == ["Relu", "Reshape", "Relu"]


def test_two_free_dimensions_may_change_places():
    nodes = [
        ("Shape", ["x"], ["s"]),
        ("Gather", ["s", "turned"], ["t"]),
        ("Reshape", ["x", "t"], ["a"]),
        ("Relu", ["a"], ["y"]),
    ]
    model = graph_of(nodes, (None, None), 2, turned=[1, 0])
    assert "Reshape" in kinds(model)


@pytest.mark.parametrize(
    ("before", "after", "equal"),
    [
        ([], [], True),
        ([2, 3], [2, 3], True),
        ([None, 3], [None, 3], True),
        ([None, None], [None, None], False),
        ([0, None], [0, None], False),
        ([None, 3], [2, 3], False),
        ([3], [3, 1], False),
    ],
)
def test_what_surely_is_equal(before, after, equal):
    assert _equal(before, after) == equal


def test_an_output_keeps_its_name():
    nodes = [("Relu", ["x"], ["a"]), ("Reshape", ["a", "s"], ["y"])]
    assert kinds(graph_of(nodes, (None, 8, 1, 1), 4, s=[-1, 8, 1, 1])) == ["Relu", "Reshape"]
