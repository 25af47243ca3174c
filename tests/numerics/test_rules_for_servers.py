"""What servers read of a SavedModel, and the rules in a process of their own."""

import os

import pytest
import tensorflow as tf
from support.handmade import Network, save
from support.mutating import edited

from exporter.errors import VerificationError
from exporter.verifier.rules.checking import rules_beside
from exporter.verifier.rules.interface_rules import check_rules
from exporter.verifier.subjects.loading import load_model

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return save(tmp_path_factory.mktemp("good") / "model")


def results(folder):
    return {check.name: check for check in check_rules(load_model(folder))}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda g: g.meta_info_def.tags.__setitem__(0, "train"), "found 1 with ['train']"),
        (lambda g: g.signature_def.pop("serving_default"), "expected a SignatureDef of that name"),
        (
            lambda g: setattr(g.signature_def["serving_default"], "method_name", "any"),
            "expected a method tensorflow/serving/..., found 'any'",
        ),
        (
            lambda g: (
                g.signature_def["serving_default"]
                .inputs["images"]
                .CopyFrom(g.signature_def["serving_default"].inputs.pop("inputs"))
            ),
            "expected the inputs ['inputs'], found ['images'] for servers",
        ),
    ],
)
def test_what_servers_read(good, tmp_path, change, told):
    assert told in results(edited(good, tmp_path / "edited", change))["R27"].message


def test_rules_beside_the_comparison(good, tmp_path):
    with rules_beside() as beside:
        beside.begin(good)
        assert {c.name: c for c in beside.checks()} == results(good)
    with rules_beside() as beside:
        beside.begin(tmp_path / "none")
        with pytest.raises(VerificationError, match="is not a SavedModel"):
            beside.checks()


def test_rules_on_images_of_the_sizes_that_are_compared(tmp_path):
    """A model of any size is run on these, and not on larger ones, which take longer."""
    network = Network()

    def small(inputs, training, momentum):
        with tf.control_dependencies([tf.debugging.assert_less(tf.shape(inputs)[1], 17)]):
            return network.features(inputs, training, momentum)

    free = tf.TensorSpec([None, None, None, 3], tf.float32, name="inputs")
    model = save(tmp_path / "model", network, body=small, images=free)
    for sizes, status in (((), "skipped"), (((16, 12),), "passed")):
        with rules_beside() as beside:
            beside.begin(model, sizes=sizes)
            assert {c.name: c.status for c in beside.checks()}["R17"] == status


class Ending:
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (3,)


def test_rules_whose_process_ends_early():
    with rules_beside() as beside:
        beside.begin(Ending())
        told = r"Rules were not checked: .* ended with status 3"
        with pytest.raises(VerificationError, match=told):
            beside.checks()
