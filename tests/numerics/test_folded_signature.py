"""`serving_folded` follows the variables, and the verifier sees where it does not compute them."""

import numpy as np
import pytest
from support.gaps import gap
from support.handmade import Network, save
from support.mutating import edited

from exporter.signatures import FOLDED, SERVING, way_of

pytestmark = pytest.mark.numerics

# Of the largest value.
ROUNDING = 1e-5
# Of a variable's largest gradient, which sums over every place of a feature map.
GRADIENT_ROUNDING = 1e-4
# Of the largest value, with trained weights on photographs.
PHOTO_ROUNDING = 5e-6


def loaded(folder):
    import tensorflow as tf

    return tf.saved_model.load(str(folder))


def noise(size, batch=2):
    return np.random.RandomState(7).rand(batch, size, size, 3).astype(np.float32)


def served(model, name, images):
    (value,) = model.signatures[name](inputs=images).values()
    return value


def folded_body(graph):
    """Finds the function that computes `serving_folded`."""
    (body,) = [
        f for f in graph.graph_def.library.function if "folded_inference" in f.signature.name
    ]
    return body


def test_the_model_itself_passes(folded):
    assert folded.judge(folded.model, rules=True) == ({}, [], {})


def test_the_others_stay_equal_bit_for_bit(folded, features):
    import tensorflow as tf

    images = tf.constant(noise(64))
    with_it, without = loaded(folded.model), loaded(features.model)
    np.testing.assert_array_equal(with_it(images), without(images))
    np.testing.assert_array_equal(served(with_it, SERVING, images), without(images))


def test_it_follows_the_variables(folded):
    import tensorflow as tf

    model, images = loaded(folded.model), tf.constant(noise(64))
    before = served(model, FOLDED, images).numpy()
    draw = np.random.RandomState(1)
    for variable in model.variables:
        variable.assign(variable * draw.uniform(0.9, 1.0, variable.shape).astype(np.float32))
    after = served(model, FOLDED, images).numpy()
    assert gap(model(images).numpy(), after) <= ROUNDING
    assert gap(before, after) > 0.01


@pytest.mark.full
def test_gradients_flow_as_through_the_call(folded):
    import tensorflow as tf

    model, images = loaded(folded.model), tf.constant(noise(64))
    with tf.GradientTape(persistent=True) as tape:
        losses = [tf.reduce_sum(model(images)), tf.reduce_sum(served(model, FOLDED, images))]
    expected, found = (tape.gradient(loss, model.trainable_variables) for loss in losses)
    gaps = [gap(one.numpy(), other.numpy()) for one, other in zip(expected, found, strict=True)]
    assert max(gaps) <= GRADIENT_ROUNDING


def test_another_epsilon_is_refused(folded, tmp_path):
    import tensorflow as tf

    def change(graph):
        small = tf.make_tensor_proto(np.float32(1e-4))
        changed = 0
        for node in folded_body(graph).node_def:
            if node.op != "Const":
                continue
            tensor = node.attr["value"].tensor
            if np.array_equal(tf.make_ndarray(tensor), np.float32(1e-3)):
                tensor.CopyFrom(small)
                changed += 1
        assert changed

    failed, _, messages = folded.judge(edited(folded.model, tmp_path / "m", change))
    assert failed == {"outputs": [way_of(FOLDED)] * 3}
    assert messages["outputs", way_of(FOLDED)].startswith("probe '")


def test_what_was_folded_for_good_is_refused(folded, tmp_path):
    """As it was saved it computes the right thing."""
    import tensorflow as tf

    layer = "Short/expanded_conv_2/depthwise"
    gamma = next(v for v in loaded(folded.model).variables if v.name.startswith(f"{layer}/B"))
    assert gamma.name == f"{layer}/BatchNorm/gamma:0"

    def change(graph):
        body = folded_body(graph)
        (read,) = [node for node in body.node_def if node.name == f"{layer}/ReadVariableOp_1"]
        constant = tf.make_tensor_proto(gamma.numpy())
        read.op = "Const"
        del read.input[:]
        read.attr.clear()
        read.attr["dtype"].type = constant.dtype
        read.attr["value"].tensor.CopyFrom(constant)
        for node in body.node_def:
            for place, reference in enumerate(node.input):
                if reference == f"{read.name}:value:0":
                    node.input[place] = f"{read.name}:output:0"

    failed, _, _ = folded.judge(edited(folded.model, tmp_path / "m", change))
    assert failed == {"outputs": [way_of(FOLDED)]}


@pytest.mark.parametrize("key", ["feature_vector", "features"])
def test_the_rule_knows_the_twin_and_no_other(tmp_path, key):
    import tensorflow as tf

    from exporter.verifier.rules.interface_rules import check_rules
    from exporter.verifier.subjects.loading import load_model as opened

    network = Network()

    def serve(name):
        spec = tf.TensorSpec([None, 8, 8, 3], tf.float32, "inputs")
        call = tf.function(lambda inputs: {name: network.features(inputs, False, 0.99)})
        return call.get_concrete_function(spec)

    signatures = {SERVING: serve("feature_vector"), FOLDED: serve(key)}
    model = opened(save(tmp_path / "model", network, signatures=signatures))
    (check,) = [check for check in check_rules(model) if check.name == "R12"]
    if key == "feature_vector":
        assert check.status == "passed"
    else:
        assert check.status == "failed"
        assert "serving_folded expected inputs float32 (None, 8, 8, 3) -> " in check.message


@pytest.mark.published
def test_photographs_with_real_weights(export, real_checkpoint, published_model, shared, tmp_path):
    import tensorflow as tf

    from exporter.photos import read

    variant = "mobilenet_v3_small_075_224"
    flags = ("--folded_signature", "--verify=false")
    export(variant, "feature_vector", real_checkpoint, tmp_path / "model", *flags)
    images = tf.constant(read(sorted((shared / "photos").glob("*.jpg")), (224, 224)))
    expected = loaded(published_model)(images).numpy()
    model = loaded(tmp_path / "model")
    np.testing.assert_array_equal(model(images), expected)
    assert 0 < gap(expected, served(model, FOLDED, images).numpy()) <= PHOTO_ROUNDING
