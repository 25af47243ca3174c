"""JSON that says one thing to one reader and another to the next."""

import pydantic
import pytest

from exporter.strict_json import JudgedModel, loads


class Verdict(JudgedModel):
    passed: bool
    inner: dict[str, int] = pydantic.Field({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"passed": true, "passed": false}', "the key 'passed' twice"),
        ('{"passed": true, "p\\u0061ssed": false}', "the key 'passed' twice"),
        ('{"passed": true, "inner": {"a": 1, "a": 1}}', "the key 'a' twice"),
    ],
)
def test_a_key_twice(text, said):
    with pytest.raises(ValueError, match=said):
        loads(text)
    for data in (text, text.encode(), bytearray(text.encode())):
        with pytest.raises(pydantic.ValidationError, match=said):
            Verdict.model_validate_json(data)


def test_a_number_that_only_one_reader_takes():
    """What is not read is not found to have a key twice."""
    text = f'{{"passed": true, "passed": false, "inner": {{"a": {"0" * 5000}1}}}}'
    with pytest.raises(pydantic.ValidationError):
        Verdict.model_validate_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "", "{"])
def test_what_is_none(text):
    with pytest.raises(ValueError, match=r"."):
        loads(text)
    with pytest.raises(pydantic.ValidationError):
        Verdict.model_validate_json(text)


def test_what_is_good():
    assert loads('{"a": [{"b": 1}, {"b": 2}]}') == {"a": [{"b": 1}, {"b": 2}]}
    assert Verdict.model_validate_json(b'{"passed": true, "inner": {"a": 1}}').inner == {"a": 1}
