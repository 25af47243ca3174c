"""What a call does to a model's variables is taken back, and no more than that."""

import pytest
from support.handmade import save

from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.subject import PLAIN, unequal

pytestmark = pytest.mark.numerics

AVERAGES = ["conv/BatchNorm/moving_mean", "conv/BatchNorm/moving_variance"]


def test_what_a_call_changes_is_assigned_and_nothing_else(tmp_path, monkeypatch):
    model = load_model(save(tmp_path / "model"))
    before, assigned = model.variables(), []

    def noted(name, assign):
        return lambda *given, **more: assigned.append(name) or assign(*given, **more)

    for name, variable in model.interface.variables.items():
        monkeypatch.setattr(variable, "assign", noted(name, variable.assign))
    inputs = model.examples.few().inputs
    called = model.training([PLAIN], inputs, {})[PLAIN]
    assert unequal(before, called.variables) == assigned == AVERAGES
    assert not unequal(before, model.variables())
    model.inference([PLAIN], inputs)
    assert assigned == AVERAGES
    assert model.left(PLAIN) == {}
