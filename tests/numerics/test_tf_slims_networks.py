"""Our tables against the networks of the package tf_slim itself: the same bits at every end point.

The package has no pool for images of any size, and no head on it, in its Inception networks; there
its base is compared, and the mean of what it ends with.
"""

import numpy as np
import pytest
from support.each_variant import at_few_pixels

from exporter import quiet
from slim_nets.registry import variants

pytestmark = pytest.mark.numerics

SIZE, BATCH = 64, 2
FULL = pytest.mark.full
# How many end points of the package's have the names of ours. Quick are those of which there are
# no golden numbers.
COMMON = [
    pytest.param("inception_v1", 16, marks=FULL),
    ("inception_v2", 15),
    pytest.param("inception_v3", 18, marks=FULL),
    ("resnet_v1_50", 73),
    pytest.param("resnet_v2_50", 73, marks=FULL),
    pytest.param("resnet_v1_101", 141, marks=FULL),
    pytest.param("resnet_v2_101", 141, marks=FULL),
    pytest.param("resnet_v1_152", 209, marks=FULL),
    pytest.param("resnet_v2_152", 209, marks=FULL),
]


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    """Imports it, and what makes the package work with it."""
    quiet.import_tensorflow()
    import slim_nets.layers.slim  # noqa: F401


@pytest.mark.parametrize(("name", "common"), COMMON)
@pytest.mark.parametrize("training", [False, pytest.param(True, marks=FULL)])
def test_bits(name, common, training):
    variant = at_few_pixels(variants()[name], SIZE)
    images = np.random.RandomState(1).rand(BATCH, *variant.image_size, 3).astype(np.float32)
    weights = drawn(variant)
    expected, losses = theirs(variant, weights, images, training=training)
    found = ours(variant, weights, images, training=training)
    names = [key for key in expected if key in found]
    assert len(names) >= common + 2
    differing = [key for key in names if not same(expected[key], found[key])]
    assert differing == []
    specs = [s for s in variant.shape(task_of(name)).variables if s.weight_decay]
    assert losses == pytest.approx(
        sum(s.weight_decay * np.sum(np.square(weights[s.name], dtype="d")) / 2 for s in specs)
    )


def task_of(name):
    return "feature_vector" if name.startswith("inception") else "classification"


def drawn(variant):
    from checkpoints import seeded

    specs = variant.shape(task_of(variant.family)).variables
    return seeded.draw({spec.name: spec.shape for spec in specs}, 5)


def same(expected, found):
    """Whether they have the same bytes; the package's predictions keep height and width."""
    return expected.size == found.size and expected.tobytes() == found.tobytes()


def ours(variant, weights, images, *, training):
    """What is exported, as one function."""
    import tensorflow as tf

    from slim_nets.layers.tf import TfLayers

    variables = {name: tf.Variable(value) for name, value in weights.items()}
    layers = TfLayers(variables, tf.constant(0.9) if training else None)
    task = task_of(variant.family)
    call = tf.function(lambda x: variant.end_points(x, task, layers), autograph=False)
    return {name: value.numpy() for name, value in call(tf.constant(images)).items()}


def theirs(variant, weights, images, *, training):
    """The package's own graph in a session, and the sum of its regularization losses."""
    import tensorflow as tf

    from slim_nets.original_network import compared_by_identity

    with tf.Graph().as_default() as graph, compared_by_identity():
        given = tf.compat.v1.placeholder(tf.float32, [None, None, None, 3])
        end_points = built(variant.family, given * 2.0 - 1.0, training=training)
        scope = f"{variant.network.scope}/"
        named = {
            scope + key.removeprefix(scope) if key != "default" else key: tf.identity(value)
            for key, value in end_points.items()
        }
        loss = tf.compat.v1.losses.get_regularization_loss()
        variables = {v.op.name: v for v in tf.compat.v1.global_variables()}
        assert {n: tuple(v.shape) for n, v in variables.items()} == {
            name: value.shape for name, value in weights.items()
        }
        values = {variables[name].initial_value: value for name, value in weights.items()}
        with tf.compat.v1.Session(graph=graph) as session:
            session.run(tf.compat.v1.global_variables_initializer(), values)
            return session.run(named, {given: images}), session.run(loss)


def built(name, images, *, training):
    """Builds with the package's function and scope; only the epsilon is the published one."""
    import tensorflow as tf
    import tf_slim as slim
    from tf_slim import nets

    if name.startswith("inception"):
        base = getattr(nets.inception, f"{name}_base")
        scope = getattr(nets.inception, f"{name}_arg_scope")()
        with slim.arg_scope(scope), slim.arg_scope([slim.batch_norm], is_training=training):
            net, end_points = base(images)
        pooled = tf.reduce_mean(net, [1, 2], keepdims=True)
        return {**end_points, "global_pool": pooled, "default": tf.squeeze(pooled, [1, 2])}
    module = getattr(nets, name.rpartition("_")[0])
    with slim.arg_scope(module.resnet_arg_scope(batch_norm_epsilon=1.001e-5)):
        net, end_points = getattr(module, name)(images, num_classes=1001, is_training=training)
    return {**end_points, f"{name}/logits": net, "default": tf.squeeze(net, [1, 2])}
