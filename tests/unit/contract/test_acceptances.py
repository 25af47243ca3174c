"""Deliberate changes: by rule and subject, with a reason and a date."""

import json

import pytest
from support.contracts import base, contract

from exporter.contract.compare_contracts import compare, mark_accepted
from exporter.contract.diff import ContractDiff
from exporter.contract.files import read_acceptances
from exporter.errors import ContractError

ENTRY = {
    "rule": "C39",
    "subject": "__call__: argument 'momentum'",
    "reason": "0.9 is what the paper says",
    "date": "2026-01-31",
}


@pytest.fixture
def written(tmp_path):
    def write(*entries):
        path = tmp_path / "accepted.json"
        path.write_text(json.dumps(list(entries)))
        return path

    return write


@pytest.fixture
def differences():
    """A change that breaks fine-tuning, and one that breaks nobody."""
    found = base()
    found["functions"]["__call__"]["arguments"][3]["default"] = "0.9"
    found["description"] = "new"
    return compare(contract(base()), contract(found))


@pytest.mark.parametrize(
    ("consumer", "passed"),
    [
        (None, False),
        ("serving", True),
        ("keras_layer", True),
        ("fine_tuning", False),
        ("checkpoint", True),
    ],
)
def test_without(differences, consumer, passed):
    diff = ContractDiff(consumer=consumer, differences=differences)
    assert diff.passed is passed
    assert len(diff.failures) == (not passed)
    assert ("Contract is kept" if passed else "C39 __call__: argument 'momentum'") in diff.verdict()


def test_accepted(differences, written):
    marked = mark_accepted(differences, read_acceptances(written(ENTRY)))
    diff = ContractDiff(differences=marked)
    assert diff.passed
    assert [d.rule for d in diff.accepted_breaks] == ["C39"]
    assert "0.9 is what the paper says" in diff.accepted_breaks[0].message
    assert len(marked) == len(differences) == 2


@pytest.mark.parametrize("change", [{"rule": "C38"}, {"subject": "__call__: argument 'training'"}])
def test_what_matches_nothing_is_refused(differences, written, change):
    entry = {**ENTRY, **change}
    with pytest.raises(
        ContractError, match="match nothing: expected a difference for each"
    ) as found:
        mark_accepted(differences, read_acceptances(written(entry)))
    assert f"{entry['rule']} {entry['subject']}" in str(found.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rule": "C999"}, "at '0.rule', expected the number of a rule such as C39, found 'C999'"),
        ({"date": "2999-01-01"}, "at '0.date', expected a day that has come, found 2999-01-01"),
        ({"date": "31.01.2026"}, "at '0.date', input should be a valid date"),
        ({"date": 5}, "at '0.date', input should be a valid date"),
        ({"reason": "  "}, "at '0.reason', string should have at least 1 character"),
        ({"reason": None}, "at '0.reason', input should be a valid string"),
        ({"who": "me"}, "at '0.who', extra inputs are not permitted"),
    ],
)
def test_malformed(written, change, sentence):
    with pytest.raises(ContractError) as found:
        read_acceptances(written({**ENTRY, **change}))
    assert sentence in str(found.value)
    assert str(found.value).endswith(". Mend the file, or change --accept.")
    assert "\n" not in str(found.value)


def test_missing_field_and_no_list(written, tmp_path):
    with pytest.raises(ContractError, match=r"at '0\.reason', field required"):
        read_acceptances(written({key: ENTRY[key] for key in ("rule", "subject", "date")}))
    (tmp_path / "object.json").write_text(json.dumps(ENTRY))
    with pytest.raises(ContractError, match="input should be a valid array"):
        read_acceptances(tmp_path / "object.json")


def test_twice(written):
    with pytest.raises(ContractError, match="found twice: C39 __call__: argument 'momentum'"):
        read_acceptances(written(ENTRY, {**ENTRY, "reason": "another"}))
