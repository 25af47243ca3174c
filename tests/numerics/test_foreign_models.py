"""Models of every kind that other people save: each is judged in full, or named."""

import pytest
import tensorflow as tf
from support import foreign_models
from support.foreign_models import KINDS
from support.handmade import variable
from support.judging import compared, failed, rules, skipped

from exporter.errors import VerificationError
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.probes import PROBES

pytestmark = pytest.mark.numerics

NOT_MADE_UP = {"serialized_examples", "encoded_images", "datasets"}
SERVED = "signature 'serving_default'"


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - NOT_MADE_UP))
def test_every_kind_equals_itself_and_no_changed_copy(tmp_path, kind):
    make = KINDS[kind]
    reference = make(tmp_path / "reference")
    same = compared(reference, reference)
    assert failed(same) == {}
    assert sum(check.values for check in same if check.group == "outputs") > 0
    changed = failed(compared(make(tmp_path / "changed", change=1e-3), reference))
    assert {group for group, _ in changed} >= {"outputs"}, changed


@pytest.mark.parametrize("kind", ["users_and_items", "identities"])
def test_a_model_that_is_wired_the_wrong_way_round(tmp_path, kind):
    reference = KINDS[kind](tmp_path / "reference")
    assert failed(compared(reference, reference)) == {}
    wrong = failed(compared(KINDS[kind](tmp_path / "wrong", swap=True), reference))
    assert {group for group, _ in wrong} == {"outputs"}


@pytest.mark.parametrize(
    ("dtype", "change"),
    [
        (tf.int32, lambda x: x * x),
        (tf.int32, tf.abs),
        (tf.uint8, lambda x: tf.minimum(x, 127)),
        (tf.complex64, tf.math.conj),
    ],
)
def test_a_change_of_few_numbers_alone(tmp_path, dtype, change):
    """Of other whole numbers than 0 and 1, and of the imaginary part."""

    def taking(folder, change):
        root = foreign_models.Root()
        spec = tf.TensorSpec([None, 4], dtype)
        foreign_models.called(root, lambda x: tf.cast(change(x), tf.complex64) * 1j, spec)
        return foreign_models.saved(root, folder)

    reference = taking(tmp_path / "reference", tf.identity)
    assert failed(compared(reference, reference)) == {}
    wrong = failed(compared(taking(tmp_path / "wrong", change), reference))
    assert set(wrong) == {("outputs", "__call__")}


def test_ids_of_a_small_vocabulary(tmp_path):
    """They are 0 and 1 in all probes, of which other inputs keep their values."""

    def looking(folder, far):
        root = foreign_models.Root()
        call = lambda ids, x: tf.gather(root.kernel, ids) + tf.where(x < -5, far, 0.0)  # noqa: E731
        specs = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, 3])
        foreign_models.called(root, call, *specs)
        return foreign_models.saved(root, folder)

    reference = looking(tmp_path / "reference", 1.0)
    checks = compared(reference, reference)
    assert failed(checks) == {}
    assert skipped(checks).keys() == {("training", "__call__")}
    wrong = failed(compared(looking(tmp_path / "wrong", 2.0), reference))
    assert wrong["outputs", "__call__"].startswith("probe 'extremes'")


def test_inputs_of_other_names_are_other_inputs(tmp_path):
    root = foreign_models.Root()
    foreign_models.called(
        root,
        lambda inputs: root.layer(inputs["item"]) - inputs["place"] @ root.kernel,
        {"item": foreign_models.FLOATS, "place": foreign_models.FLOATS},
    )
    other = foreign_models.saved(root, tmp_path / "other")
    reference = KINDS["users_and_items"](tmp_path / "reference")
    with pytest.raises(VerificationError, match=r"expected item float32 \(None, 4\), user float32"):
        compared(other, reference)


def test_each_way_of_calling_has_its_own_inputs(tmp_path):
    model = KINDS["scaled_too"](tmp_path / "model")
    checks = compared(model, model)
    assert {c.name for c in checks if c.group == "outputs"} == {
        "__call__",
        "signature 'scaled': y",
        "signature 'serving_default': y",
        "signature 'serving_default' equals __call__",
    }
    assert {c.case for c in checks if "scaled" in c.name and c.group == "outputs"} == {
        "batch 1",
        "batch 3",
        "batch 32",
    }


def test_what_can_be_called_is_compared_and_what_cannot_is_named(tmp_path):
    model = KINDS["examples_too"](tmp_path / "model")
    checks = compared(model, model)
    assert failed(checks) == {}
    assert {c.name for c in checks if c.values and c.group == "outputs"} == {"__call__"}
    assert skipped(checks)["outputs", SERVED].startswith(
        f"inputs cannot be made up for {SERVED}, which takes string (None,): "
    )
    assert not skipped(checks)["outputs", SERVED].endswith(".")
    changed = KINDS["examples_too"](tmp_path / "changed", change=1e-3)
    assert ("outputs", "__call__") in failed(compared(changed, model))


def test_what_is_no_variable_is_left_out(tmp_path):
    model = load_model(KINDS["keras_2_text"](tmp_path / "model"))
    assert None in model.interface.listed("variables")
    assert len(model.variables()) == 1


def test_a_step_of_training_is_compared_and_put_back(tmp_path):
    make = KINDS["trains"]
    reference = make(tmp_path / "reference")
    same = compared(reference, reference)
    assert failed(same) == {}
    left = [c.name for c in same if c.case == "what it leaves"]
    assert left == ["signature 'a_step': bias"]
    wrong = failed(compared(make(tmp_path / "changed", change=1e-3), reference))
    assert ("frozen", "signature 'a_step': bias") in wrong


def test_a_step_that_only_leaves_other_weights(tmp_path):
    def stepping(folder, rate):
        root = foreign_models.Root()

        def step(x):
            loss = tf.reduce_sum(root.layer(x))
            root.bias.assign_sub(rate * root.bias)
            return {"loss": loss}

        step = foreign_models.made(step, foreign_models.FLOATS)
        return foreign_models.saved(root, folder, step=step)

    reference = stepping(tmp_path / "reference", 0.1)
    wrong = failed(compared(stepping(tmp_path / "other", 0.2), reference))
    assert set(wrong) == {("frozen", "signature 'step': bias")}


def test_what_is_drawn_at_random_is_said_to_be(tmp_path):
    reference = KINDS["draws"](tmp_path / "reference")
    checks = compared(reference, reference)
    assert failed(checks) == {}
    assert skipped(checks)["outputs", "__call__: sample"].startswith("it is drawn at random: ")
    assert {c.name for c in checks if c.group == "outputs" and c.values} == {"__call__: mean"}
    root = foreign_models.Root()
    same = lambda x: dict.fromkeys(("mean", "sample"), root.layer(x))  # noqa: E731
    foreign_models.called(root, same, foreign_models.FLOATS)
    fixed = failed(compared(foreign_models.saved(root, tmp_path / "fixed"), reference))
    assert fixed == {
        ("outputs", "__call__: sample"): "expected results that change from call to call, found"
        " equal ones"
    }


def test_two_ways_that_round_otherwise(tmp_path):
    reference = KINDS["rounds_otherwise"](tmp_path / "reference")
    checks = compared(reference, reference)
    assert failed(checks) == {}
    equal = skipped(checks)["outputs", f"{SERVED} equals __call__"]
    assert equal == "the reference's own two ways differ"


def test_two_ways_within_the_noise(tmp_path):
    """A copy from other kernels, whose reference's two ways give the same bits."""

    def both(folder, around):
        root = foreign_models.Root()
        call = foreign_models.called(root, root.layer, foreign_models.FLOATS)
        serve = lambda x: {"y": around(call(x))}  # noqa: E731
        served = foreign_models.made(serve, foreign_models.FLOATS)
        return foreign_models.saved(root, folder, serving_default=served)

    reference = both(tmp_path / "reference", tf.identity)
    other = both(tmp_path / "other", foreign_models.rounded)
    equals = ("outputs", f"{SERVED} equals __call__")
    assert equals in failed(compared(other, reference))
    noise = dict.fromkeys(PROBES, 1e-3) | {"": 1e-3}
    served = ("outputs", f"{SERVED}: y")
    allowance = Allowance("noise", noise={("outputs", "__call__"): noise, served: noise})
    assert failed(compared(other, reference, allowance)) == {}
    far = both(tmp_path / "far", lambda y: y + 0.1)
    assert equals in failed(compared(far, reference, allowance))


@pytest.mark.parametrize(
    ("kind", "number", "told"),
    [
        ("gray_images", "R14", "the model takes no images in RGB"),
        ("predictions", "R19", "what is no feature_vector may have dropout"),
        ("scalar", "R17", "no input has a batch dimension"),
        ("required_training", "R21", "'training' has no default"),
    ],
)
def test_rules_that_do_not_apply(tmp_path, kind, number, told):
    check = rules(KINDS[kind](tmp_path / "model"))[number]
    assert (check.status, check.message) == ("skipped", told)


@pytest.mark.parametrize("number", ["R17", "R22"])
def test_a_step_of_training_is_not_blamed(tmp_path, number):
    check = rules(KINDS["trains"](tmp_path / "model"))[number]
    assert check.status == "skipped"
    assert check.message == (
        "signature 'a_step' changes bias, as a step of training does; no other way of calling"
        " breaks this rule"
    )


@pytest.mark.parametrize("name", ["serving_default", "serve"])
def test_what_is_served_may_not_train(tmp_path, name):
    root = foreign_models.Root()

    def call(x):
        root.bias.assign_add(tf.reduce_mean(root.layer(x), 0))
        return {"y": tf.reduce_sum(root.layer(x))}

    steps = [foreign_models.made(call, foreign_models.FLOATS) for _ in range(2)]
    signatures = {name: steps[0], "a_step": steps[1]}
    found = rules(foreign_models.saved(root, tmp_path / "model", **signatures))
    assert {number: found[number].status for number in ("R17", "R22")} == {
        "R17": "failed",
        "R22": "failed",
    }
    assert "a_step" not in found["R22"].message


def test_what_keras_3_exports_keeps_the_rule_of_one_signature(tmp_path):
    found = rules(KINDS["keras_export"](tmp_path / "model"))
    assert found["R12"].status == "passed"
    assert found["R19"].status == "skipped"


def test_results_that_are_drawn_keep_the_rule_of_the_default_mode(tmp_path):
    root = foreign_models.Root()

    def call(x, training=False):
        y = root.layer(x)
        return y + tf.random.normal(tf.shape(y))

    function = tf.function(call, autograph=False)
    for training in (False, True):
        function.get_concrete_function(foreign_models.FLOATS, training)
    root.__call__ = function
    assert rules(foreign_models.saved(root, tmp_path / "model"))["R21"].status == "passed"


def test_dropout_of_a_classifier_whose_output_has_few_values(tmp_path):
    make = KINDS["predictions"]
    reference = make(tmp_path / "reference")
    for _ in range(3):
        assert failed(compared(reference, reference)) == {}
    wrong = failed(compared(make(tmp_path / "other", rate=0.2), reference))
    assert ("dropout", "__call__") in wrong


def test_nothing_but_tables(tmp_path):
    """A signature without inputs is called as it is."""
    root = tf.Module()
    root.bias = variable([1.0, 2.0], "bias")
    version = foreign_models.made(lambda: {"version": root.bias + 1})
    model = foreign_models.saved(root, tmp_path / "model", version=version)
    checks = compared(model, model)
    assert failed(checks) == {}
    assert {c.name for c in checks if c.group == "outputs"} == {"signature 'version': version"}
