"""Folding batch norms, fusing and pruning: the same numbers from fewer ops, or nothing changed."""

import numpy as np
import pytest
from support.gaps import gap

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter.converters.graphs.folding import folded  # noqa: E402
from exporter.converters.graphs.fusing import fused  # noqa: E402
from exporter.converters.graphs.nodes import pruned  # noqa: E402

SHAPE = (2, 9, 9, 3)


def draw(*shape, seed=0):
    return np.random.RandomState(seed).normal(size=shape).astype(np.float32)


def convolution(x, seed=1):
    return tf.nn.conv2d(x, draw(3, 3, 3, 4, seed=seed), 2, "SAME")


def with_bias(x):
    return tf.nn.bias_add(convolution(x), draw(4, seed=7))


def depthwise(x):
    """Two channels out of each: which belongs where is not symmetric."""
    return tf.nn.depthwise_conv2d(x, draw(3, 3, 3, 2, seed=2), [1, 1, 1, 1], "SAME")


def norm(x, **changed):
    size = x.shape[-1]
    gamma, beta, mean = (draw(size, seed=seed) for seed in (3, 4, 5))
    given = {"scale": gamma, "offset": beta, "mean": mean, "variance": draw(size, seed=6) ** 2}
    given = given | {"epsilon": 1e-3, "is_training": False} | changed
    return tf.compat.v1.nn.fused_batch_norm(x, **given)[0]


def graph_of(compute):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, *SHAPE[1:]], name="x")
        tf.identity(compute(x), name="y")
    return pruned(graph.as_graph_def(), ("x", "y"))


def run(definition):
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(definition, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run("y:0", {"x:0": draw(*SHAPE, seed=9)})


def ops(definition):
    return sorted(node.op for node in definition.node if node.op != "Const")


@pytest.mark.parametrize("before", [convolution, with_bias, depthwise])
def test_folded(before):
    graph = graph_of(lambda x: tf.nn.relu(norm(before(x))))
    made = pruned(folded(graph), ("x", "y"))
    assert not any(op.startswith("FusedBatchNorm") for op in ops(made))
    assert ops(made).count("BiasAdd") == 1
    assert 0 < gap(run(graph), run(made)) < 1e-6
    assert folded(graph) != graph, "the given graph stays as it was"


def test_what_is_folded_wrongly_is_seen():
    """With another epsilon, far smaller than most bugs."""
    graph = graph_of(lambda x: norm(depthwise(x)))
    other = graph_of(lambda x: norm(depthwise(x), epsilon=1.1e-3))
    assert gap(run(graph), run(folded(other))) > 1e-5


def test_several_share_a_kernel():
    def compute(x):
        one = norm(tf.nn.conv2d(x, kernel := tf.constant(draw(1, 1, 3, 3)), 1, "SAME"))
        return norm(tf.nn.conv2d(one, kernel, 1, "SAME"), offset=draw(3, seed=8))

    graph = graph_of(compute)
    made = folded(graph)
    assert not any(op.startswith("FusedBatchNorm") for op in ops(made))
    assert gap(run(graph), run(made)) < 1e-6


def used_elsewhere(x):
    between = convolution(x)
    return norm(between) + between


def bias_used_elsewhere(x):
    between = with_bias(x)
    return norm(between) + between


NOT_FOLDED = {
    "used elsewhere": used_elsewhere,
    "bias used elsewhere": bias_used_elsewhere,
    "training": lambda x: norm(convolution(x), is_training=True, mean=None, variance=None),
    "not constant": lambda x: norm(
        convolution(x), offset=tf.reduce_mean(x, [0, 1, 2])[:1] + [1.0] * 4
    ),
    "activation between": lambda x: norm(tf.nn.relu(convolution(x))),
    "kernel not constant": lambda x: norm(tf.nn.conv2d(x, x[:1, :3, :3, :, None][0], 1, "SAME")),
    "other statistics used": lambda x: tf.compat.v1.nn.fused_batch_norm(
        convolution(x), *(draw(4),) * 3, variance=draw(4) ** 2, is_training=False
    )[1],
}


@pytest.mark.parametrize("compute", NOT_FOLDED.values(), ids=NOT_FOLDED)
def test_not_folded(compute):
    graph = graph_of(compute)
    assert folded(graph) == graph


def test_channels_first_is_left_alone():
    graph = graph_of(lambda x: norm(convolution(x)))
    for node in graph.node:
        if node.op == "Conv2D":
            node.attr["data_format"].s = b"NCHW"
    assert folded(graph) == graph


@pytest.mark.parametrize(
    ("before", "op"),
    [(convolution, "_FusedConv2D"), (depthwise, "FusedDepthwiseConv2dNative")],
)
@pytest.mark.parametrize("activation", [tf.nn.relu6, tf.nn.relu, tf.nn.sigmoid])
def test_fused(before, op, activation):
    graph = graph_of(lambda x: activation(norm(before(x))))
    made = pruned(fused(folded(graph)), ("x", "y"))
    alone = ["Sigmoid"] if activation is tf.nn.sigmoid else []
    assert ops(made) == sorted([op, *alone, "Identity", "Placeholder"])
    (node,) = (node for node in made.node if node.op == op)
    said = [b"BiasAdd"] if alone else [b"BiasAdd", activation.__name__.title().encode()]
    assert list(node.attr["fused_ops"].list.s) == said
    if op == "_FusedConv2D":
        add_what_tensorflow_wants(node)
        assert gap(run(graph), run(made)) < 1e-6


def add_what_tensorflow_wants(node):
    node.attr["TArgs"].list.type.append(tf.float32.as_datatype_enum)


def test_not_fused_where_the_result_between_is_used():
    def compute(x):
        between = with_bias(x)
        return tf.nn.relu(between) + between

    made = pruned(fused(graph_of(compute)), ("x", "y"))
    assert ops(made) == ["AddV2", "Identity", "Placeholder", "Relu", "_FusedConv2D"]
    graph = graph_of(lambda x: tf.nn.relu(tf.nn.bias_add(c := convolution(x), draw(4))) + c)
    assert fused(graph) == graph


def test_pruned():
    def compute(x):
        with tf.control_dependencies([tf.identity(x, name="aside")]):
            once = tf.identity(x + 1)
        tf.nn.relu(x, name="unused")
        return tf.identity(once)

    made = graph_of(compute)
    assert ops(made) == ["AddV2", "Identity", "Placeholder"]
    np.testing.assert_array_equal(run(made), draw(*SHAPE, seed=9) + 1)


def test_branches_keep_what_decides_them():
    """A constant in a branch knows by a control input whether the branch is taken."""
    tf.compat.v1.disable_control_flow_v2()
    try:
        made = graph_of(
            lambda x: tf.compat.v1.cond(
                tf.reduce_sum(x) < 1e9, lambda: tf.constant(1.0), lambda: tf.constant(2.0)
            )
        )
    finally:
        tf.compat.v1.enable_control_flow_v2()
    assert run(made) == 1.0
