"""Every rule of the interface: a model that keeps it, and one that breaks it, with what is said."""

import pytest
import tensorflow as tf
from support.handmade import IMAGES, MOMENTUM, Network, save, swapped
from support.mutating import edited

from exporter.verifier.rules.interface_rules import RULES, check_rules
from exporter.verifier.subjects.loading import load_model

pytestmark = pytest.mark.numerics

BOTH = [(False, MOMENTUM), (True, MOMENTUM)]


def required_twice(network):
    @tf.function(autograph=False)
    def call(inputs, scale, training=False, batch_norm_momentum=0.99):
        return network.features(inputs, training, batch_norm_momentum) * scale

    return call


def trains_by_default(network):
    @tf.function(autograph=False)
    def call(inputs, training=True, batch_norm_momentum=0.99):
        return network.features(inputs, training, batch_norm_momentum)

    return call


def with_flag(network):
    @tf.function(autograph=False)
    def call(inputs, training=False, return_endpoints=False, batch_norm_momentum=0.99):
        features = network.features(inputs, training, batch_norm_momentum)
        return {"default": features} if return_endpoints else features

    return call


def undecided(network):
    """Without an argument it does something else than with False."""

    @tf.function(autograph=False)
    def call(inputs, training=None, batch_norm_momentum=0.99):
        features = network.features(inputs, training, batch_norm_momentum)
        return features if training is not None else features + 1

    return call


def two_momenta(network):
    """A trace for the default itself, which does not use it."""

    @tf.function(autograph=False)
    def call(inputs, training=False, batch_norm_momentum=0.99):
        momentum = batch_norm_momentum
        return network.features(inputs, training, 0.5 if isinstance(momentum, float) else momentum)

    return call


def serving(network, **outputs):
    @tf.function(input_signature=[IMAGES])
    def serve(inputs):
        features = network.features(inputs, False, 0.99)
        return {name: change(features) for name, change in outputs.items()}

    return serve


def counted(network):
    def body(inputs, training, momentum):
        if not training:
            network.mean.assign_add(network.mean * 0.01)
        return network.features(inputs, training, momentum)

    return body


def lists(**changed):
    """Changes the root's lists."""

    def change(root):
        for name, make in changed.items():
            setattr(root, name, make(root))

    return change


def without_call(root):
    root.__call__ = None


FLAG_TRACES = [(t, f, MOMENTUM) for t in (False, True) for f in (False, True)]

# Rule, what is found, and what the model is saved with, made from the network.
BROKEN = {
    "R01": ("found none", lambda n: {"change": without_call}),
    "R02": (
        "found inputs, scale",
        lambda n: {
            "call": required_twice(n),
            "traces": [(tf.TensorSpec([]), t, MOMENTUM) for t in (False, True)],
            "signatures": {"serving_default": serving(n, feature_vector=tf.identity)},
        },
    ),
    "R03": ("expected default False, found True", lambda n: {"call": trains_by_default(n)}),
    "R04": (
        "found only the Python value 0.9 in 3",
        lambda n: {"traces": [(False, 0.9), (True, 0.9)]},
    ),
    "R05": (
        "expected a trace with training=True, return_endpoints=True, found none",
        lambda n: {"call": with_flag(n), "traces": FLAG_TRACES[:-1]},
    ),
    "R06": (
        "expected all 5 in use, missing conv/BatchNorm/gamma:0",
        lambda n: {
            "change": lists(variables=lambda r: [v for v in r.variables if v is not n.gamma])
        },
    ),
    "R07": (
        "expected trainable variables only, found conv/BatchNorm/moving_mean:0",
        lambda n: {"change": lists(trainable_variables=lambda r: [*r.variables[:3], n.mean])},
    ),
    "R08": (
        "expected up to 3, found none: fine-tuning would silently do nothing",
        lambda n: {"change": lists(trainable_variables=lambda r: [])},
    ),
    "R09": (
        "expected all variables that are trainable, missing conv/BatchNorm/beta:0",
        lambda n: {"change": lists(trainable_variables=lambda r: [n.kernel, n.gamma])},
    ),
    "R10": (
        "found none for conv/BatchNorm/beta, conv/BatchNorm/gamma, conv/weights",
        lambda n: {"body": lambda *given: tf.stop_gradient(n.features(*given))},
    ),
    "R11": (
        "loss 0 expected a float scalar, found float32 (3, 3, 3, 4)",
        lambda n: {
            "change": lists(
                regularization_losses=lambda r: [
                    tf.function(lambda: tf.square(n.kernel), input_signature=[])
                ]
            )
        },
    ),
    "R12": ("expected serving_default alone, found none", lambda n: {"signatures": {}}),
    "R13": ("found 'features'", lambda n: {"served": "features"}),
    "R14": (
        "expected float32 [batch, height, width, 3], found uint8 (None, 8, 8, 3)",
        lambda n: {
            "images": tf.TensorSpec([None, 8, 8, 3], tf.uint8, name="inputs"),
            "body": lambda x, *given: n.features(tf.cast(x, tf.float32) / 255, *given),
        },
    ),
    "R15": ("found the images themselves", lambda n: {"body": n.convolved}),
    "R16": (
        "expected any batch size, found 2",
        lambda n: {"images": tf.TensorSpec([2, 8, 8, 3], tf.float32, name="inputs")},
    ),
    "R17": (
        "expected a result for batch 3, found an error",
        lambda n: {
            "body": lambda x, *given: n.features(
                tf.reshape(x, [tf.math.minimum(tf.shape(x)[0], 2), 8, 8, 3]), *given
            )
        },
    ),
    "R18": (
        "expected one tensor [batch, n], found a dict",
        lambda n: {
            "body": lambda *given: {"default": n.features(*given)},
            "signatures": {"serving_default": serving(n, feature_vector=tf.identity)},
        },
    ),
    "R19": (
        "found different ones",
        lambda n: {
            "body": lambda x, training, m: (
                tf.nn.dropout(n.features(x, training, m), 0.2)
                if training
                else n.features(x, training, m)
            )
        },
    ),
    "R20": (
        "found probabilities that sum to 1",
        lambda n: {"body": lambda *given: tf.nn.softmax(n.features(*given)), "served": "logits"},
    ),
    "R21": (
        "expected what training=False gives",
        lambda n: {
            "call": undecided(n),
            "traces": [(training, MOMENTUM) for training in (None, False, True)],
        },
    ),
    "R22": ("found 1: conv/BatchNorm/moving_mean", lambda n: {"body": counted(n)}),
    "R23": (
        "expected the default to be batch_norm_momentum=0.99",
        lambda n: {"call": two_momenta(n), "traces": [*BOTH, (False, 0.99), (True, 0.99)]},
    ),
    "R24": (
        "found changes in conv/BatchNorm/moving_mean, conv/BatchNorm/moving_variance",
        lambda n: {"body": lambda x, training, _: n.features(x, training, 0.9)},
    ),
    "R26": (
        "expected the same with batch_norm_momentum=0, found other",
        lambda n: {"body": lambda *given: n.features(*given) + given[-1]},
    ),
    "R27": ("expected the same for servers, found another 'feature_vector'", None),
    "R25": (
        "expected finite numbers for 'zeros', found infinity",
        lambda n: {"body": lambda x, *given: n.features(x, *given) / tf.reduce_max(x)},
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return save(tmp_path_factory.mktemp("good") / "model")


def results(folder):
    return {check.name: check for check in check_rules(load_model(folder))}


def test_a_good_model_keeps_all(good):
    found = results(good)
    assert list(found) == [rule.number for rule in RULES] == sorted(found)
    assert {name: c.status for name, c in found.items() if c.status != "passed"} == {
        "R20": "skipped"
    }


def test_good_logits_keep_all(tmp_path):
    network = Network()
    dropped = lambda x, training, m: (  # noqa: E731
        tf.nn.dropout(network.features(x, training, m), 0.2)
        if training
        else network.features(x, training, m)
    )
    found = results(save(tmp_path / "model", network, body=dropped, served="logits"))
    assert {name: c.status for name, c in found.items() if c.status != "passed"} == {
        "R19": "skipped"
    }


def test_every_rule_has_a_model_that_breaks_it():
    assert set(BROKEN) == {rule.number for rule in RULES}


@pytest.mark.parametrize("number", BROKEN)
def test_broken(tmp_path, number):
    network = Network()
    told, make = BROKEN[number]
    model = save(tmp_path / "model", network, **(make(network) if make else {}))
    check = results(model if make else edited(model, tmp_path / "edited", swapped))[number]
    rule = next(rule for rule in RULES if rule.number == number)
    assert check.status == ("failed" if rule.level == "required" else "warning"), check
    assert told in check.message
    assert check.message.endswith(rule.fix)


def test_what_the_reference_breaks_too_is_a_warning(tmp_path):
    model = load_model(save(tmp_path / "model", served="features"))
    alone = next(c for c in check_rules(model) if c.name == "R13")
    compared = next(c for c in check_rules(model, lambda: model) if c.name == "R13")
    assert (alone.status, compared.status) == ("failed", "warning")
    assert "The reference breaks this rule too." in compared.message


def test_gradients_that_flow_in_training_only(tmp_path):
    """Whoever fine-tunes with frozen batch norms would train nothing."""
    network = Network()

    def body(inputs, training, momentum):
        features = network.features(inputs, training, momentum)
        return features if training else tf.stop_gradient(features)

    check = results(save(tmp_path / "model", network, body=body))["R10"]
    assert check.status == "failed"
    assert "__call__ with training=False expected gradients for all variables" in check.message
    assert "training=True" not in check.message


def test_second_signature_and_second_way(tmp_path):
    network = Network()
    more = {
        "serving_default": serving(network, feature_vector=tf.identity),
        "other": serving(network, feature_vector=tf.identity),
    }
    found = results(save(tmp_path / "model", network, signatures=more))
    assert "expected serving_default alone, found other, serving_default" in found["R12"].message
