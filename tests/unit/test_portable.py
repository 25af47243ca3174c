"""What older TensorFlow cannot load and nobody needs is left out, and nothing else."""

import shutil

import numpy as np
import pytest

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402
from tensorflow.core.framework import graph_pb2  # noqa: E402
from tensorflow.core.protobuf import meta_graph_pb2  # noqa: E402

from exporter.canonical import canonicalize  # noqa: E402
from exporter.errors import ExportError  # noqa: E402
from exporter.portable import make_portable, strip  # noqa: E402
from exporter.protobufs import nodes_of, read_saved_model  # noqa: E402


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model as TensorFlow writes it."""
    folder = tmp_path_factory.mktemp("saved")
    root = tf.train.Checkpoint(weights=tf.Variable([1.0, 2.0], name="weights"))

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def call(x):
        root.weights.assign_add([1.0, 1.0])
        return {"y": x * root.weights}

    root.call = call
    tf.saved_model.save(root, str(folder), signatures=call.get_concrete_function())
    return folder


def meta_graph_of(folder):
    (meta_graph,) = read_saved_model(folder, ExportError).meta_graphs
    return meta_graph


def saver_of(meta_graph):
    library = meta_graph.graph_def.library.function
    return next(f for f in library if "_traced_save" in f.signature.name)


def test_hints_and_labels_are_there_before_and_not_after(saved, tmp_path):
    before = meta_graph_of(saved)
    after = meta_graph_pb2.MetaGraphDef.FromString(before.SerializeToString())
    make_portable(after)
    unknown = (b"DisableCopyOnRead", b"debug_name")
    assert all(name in before.SerializeToString() for name in unknown)
    assert not any(name in after.SerializeToString() for name in unknown)
    ops = [sorted(n.op for n in nodes_of(m.graph_def)) for m in (before, after)]
    assert [op for op in ops[0] if op != "DisableCopyOnRead"] == ops[1]


def test_the_saver_refers_to_nothing_that_was_dropped(saved):
    meta_graph = meta_graph_of(saved)
    make_portable(meta_graph)
    saver = saver_of(meta_graph)
    names = {node.name for node in saver.node_def}
    named = {i.removeprefix("^").split(":")[0] for node in saver.node_def for i in node.input}
    assert named <= names | {argument.name for argument in saver.signature.input_arg}
    assert set(saver.control_ret.values()) <= names
    assert sorted(saver.signature.control_output) == sorted(saver.control_ret)
    assert any("ReadVariableOp" in name for name in saver.control_ret)


def test_it_loads_computes_and_saves_again(saved, tmp_path):
    folder = shutil.copytree(saved, tmp_path / "portable")
    canonicalize(folder)
    model = tf.saved_model.load(str(folder))
    tf.saved_model.save(model, str(tmp_path / "again"), signatures=model.signatures)
    ones = tf.ones([1, 2])
    for place in (saved, folder, tmp_path / "again"):
        (found,) = tf.saved_model.load(str(place)).signatures["serving_default"](ones).values()
        assert found.numpy().tolist() == [[2.0, 3.0]]


def node(graph, name, op, *inputs):
    return graph.node.add(name=name, op=op, input=inputs)


def test_order_is_kept_across_hints():
    meta_graph = meta_graph_pb2.MetaGraphDef()
    graph = meta_graph.graph_def
    node(graph, "v", "VarHandleOp")
    node(graph, "first", "NoOp")
    node(graph, "hint", "DisableCopyOnRead", "v", "^first")
    node(graph, "hint of a hint", "DisableCopyOnRead", "v", "^hint")
    node(graph, "read", "ReadVariableOp", "v", "^hint of a hint", "^first")
    make_portable(meta_graph)
    assert [n.name for n in graph.node] == ["v", "first", "read"]
    assert list(graph.node[-1].input) == ["v", "^first"]


def test_defaults_are_stripped_and_other_values_kept():
    graph = graph_pb2.GraphDef()
    norm = node(graph, "norm", "FusedBatchNormV3")
    norm.attr["exponential_avg_factor"].f = 1.0
    norm.attr["epsilon"].f = np.float32(0.001)
    norm.attr["T"].type = tf.float32.as_datatype_enum
    norm.attr["_output_shapes"].list.shape.add()
    called = node(graph, "called", "a_function_of_the_library")
    called.attr["rate"].f = 1.0
    strip(graph.node)
    assert set(norm.attr) == {"epsilon", "T", "_output_shapes"}
    assert set(called.attr) == {"rate"}


@pytest.mark.parametrize("value", [0.5, 0.0])
def test_a_value_of_its_own_stays(value):
    graph = graph_pb2.GraphDef()
    norm = node(graph, "norm", "FusedBatchNormV3")
    norm.attr["exponential_avg_factor"].f = value
    strip(graph.node)
    assert norm.attr["exponential_avg_factor"].f == value
