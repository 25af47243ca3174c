"""Every rule: a change of a lock that falls under it, and its class for each consumer."""

import pytest
from support.contract_edits_of_functions import FUNCTION_CHANGES
from support.contract_edits_of_models import MODEL_CHANGES
from support.contract_edits_of_variables import FROM_OTHERS, VARIABLE_CHANGES
from support.contracts import base, classed

from exporter.contract.contract_rules import CONSUMERS, SEVERITIES, contract_rules

CHANGES = {**MODEL_CHANGES, **FUNCTION_CHANGES, **VARIABLE_CHANGES}


@pytest.mark.parametrize("name", CHANGES)
def test_change(name):
    change, expected = CHANGES[name]
    found = base()
    change(found)
    assert classed(base(), found) == expected


@pytest.mark.parametrize("name", FROM_OTHERS)
def test_change_from_another_lock(name):
    before, after, expected = FROM_OTHERS[name]
    locked, found = base(), base()
    before(locked)
    after(found)
    assert classed(locked, found) == expected


def test_unchanged():
    assert classed(base(), base()) == {}


def test_every_rule_has_a_change():
    tested = [expected for _, expected in CHANGES.values()]
    tested += [expected for *_, expected in FROM_OTHERS.values()]
    assert {rule for expected in tested for rule in expected} == contract_rules().keys()


def test_rules_are_documented():
    rules = contract_rules()
    assert list(rules) == [f"C{number:02}" for number in range(1, len(rules) + 1)]
    for number, rule in rules.items():
        assert rule.number == number
        for classes in (rule.classes, rule.classes_in_training_mode):
            assert tuple(classes) == CONSUMERS
            assert set(classes.values()) <= SEVERITIES.keys()
        assert rule.reason.endswith(".")
        assert rule.title
        assert rule.example
