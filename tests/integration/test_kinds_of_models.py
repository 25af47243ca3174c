"""Every kind of model, and everything that is done with it: handled, or refused by a sentence."""

from fnmatch import fnmatchcase

import pytest
from support.compared_here import compare_here, convert_here
from support.foreign_models import KINDS
from support.foreign_signatures import SIGNATURE_KINDS
from support.outcomes import DONE, outcomes

from exporter.converters.checks import own_noise

pytestmark = [pytest.mark.integration, pytest.mark.full]

ALL = {**KINDS, **SIGNATURE_KINDS}
# Passed, failed by the tool's judgement, or refused: verified alone (most break a rule of reusable
# models), against itself and against a changed copy, locked and checked; then every format.
# TensorFlow.js was seen to draw anew in one run and the same in another.
EXPECTED = dict(
    line.split(maxsplit=1)
    for line in """
datasets            FRRP RRRRRRRRRR
dense               FPFP PPPPPRPRPP
dict_of_outputs     FPFP RRRRRRRRRR
drawn               FPFP PPPPPR?RPR
draws               FPFP RRRRRRRRRR
encoded_images      FRRP RRRRRRRRRR
examples_too        FPFP RRRRRRRRRR
factors             FPFP PPPRPRPRPP
gray_images         FPFP PPPPPRPRPP
identities          FPFP PPPPPRPRPP
keras_2             PPFP PPPPPRPRPP
keras_2_text        PPFP RRRRRRRRRR
keras_export        FPFP PPRPRRPRPP
looked_up           FPFP RRRRRRRRRR
predictions         FPFP PPRPRRPRPP
ragged              FPFP RRRRRRRRRR
required_training   FPFP RRRRRRRRRR
rounds_otherwise    FPFP PPPPPRPRPP
scalar              FPFP RRRRRRRRRR
scaled_too          FPFP PPPPPRPRPP
serialized_examples FRRP RRRRRRRRRR
signature_alone     FPFP PPPPPRPRPP
silence             FPFP PPPPPRPRPP
sparse              FPFP RRRRRRRRRR
tf1_builder         FPFP PPPPPRPRPP
tf1_estimator       FRRP RRRRRRRRRR
tf1_hub_module      RRRP RRRRRRRRRR
tf1_reference       RRRP RRRRRRRRRR
tf1_simple_save     FPFP PPPPPRPRPP
tf1_table           FPFP RRRRRRRRRR
trains              FPFP PPPPPRPRPP
two_arguments       FPFP RRRRRRRRRR
users_and_items     FPFP RRRRRRRRRR
words               FPFP RRRRRRRRRR
""".strip().splitlines()
)


@pytest.fixture
def nearby(monkeypatch):
    """Has formats and rules judged in this process, and noise measured once a model.

    None of them is a network of ours, which alone have noise in training mode too.
    """
    compare_here(monkeypatch)
    convert_here(monkeypatch, but=())
    measure, measured = own_noise.noise_of, {}

    def once(source, images, *, training=False):
        assert source.network.variant is None
        if source.folder not in measured:
            measured[source.folder] = measure(source, images, training=training)
        return measured[source.folder]

    monkeypatch.setattr(own_noise, "noise_of", once)


@pytest.mark.parametrize("kind", sorted(ALL))
def test_handled_or_refused(tmp_path, nearby, kind):
    found = dict(outcomes(ALL[kind], tmp_path))
    assert tuple(found) == DONE
    for done, outcome in found.items():
        assert outcome.said.isprintable(), done
        assert outcome.said.endswith("."), done
    letters = "".join(outcome.letter for outcome in found.values())
    assert fnmatchcase(letters, EXPECTED[kind].replace(" ", "")), found


def test_right_models_pass_and_wrong_ones_do_not():
    """What the table says: none is blamed, and none refused against a changed copy only."""
    for outcome in EXPECTED.values():
        _, itself, changed, contract = outcome[:4]
        assert (itself + changed, contract) in {("PF", "P"), ("RR", "P")}
    assert EXPECTED.keys() == ALL.keys()
