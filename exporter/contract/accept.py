"""Deliberate changes, accepted by name."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import pydantic

from exporter.contract.file import read
from exporter.contract.report import Acceptance, Difference
from exporter.contract.table import RULES
from exporter.errors import ContractError, listing

_FLAG = "--accept"


def _is_a_rule(number: str) -> str:
    if number not in RULES:
        raise ValueError(f"expected the number of a rule such as C39, found '{number}'")
    return number


def _not_in_the_future(date: dt.date) -> dt.date:
    if date > dt.date.today():
        raise ValueError(f"expected a day that has come, found {date}")
    return date


class Entry(Acceptance):
    """An acceptance as it is read, with its rule and date checked."""

    rule: Annotated[str, pydantic.AfterValidator(_is_a_rule)]
    date: Annotated[dt.date, pydantic.AfterValidator(_not_in_the_future)]


_FORM = pydantic.TypeAdapter(list[Entry])


def read_acceptances(path: Path) -> list[Entry]:
    """Reads a list of acceptances.

    Args:
        path: A JSON file: a list of objects with rule, subject, reason and date.

    Raises:
        ContractError: If it is anything else, or names a difference twice.
    """
    entries = read(path, _FORM, "List of acceptances", _FLAG)
    counts = Counter(_title(entry) for entry in entries)
    if twice := [title for title, count in counts.items() if count > 1]:
        raise ContractError(
            f"List of acceptances '{path}' is malformed: expected each once, found twice:"
            f" {listing(twice)}. Leave out one."
        )
    return entries


def accept(
    differences: Iterable[Difference], acceptances: Sequence[Acceptance]
) -> tuple[Difference, ...]:
    """Marks the differences that were accepted.

    Args:
        differences: All of a model.
        acceptances: By rule and subject.

    Raises:
        ContractError: If one matches nothing: what it names did not happen, or
            no longer does.
    """
    by_title = {_title(acceptance): acceptance for acceptance in acceptances}
    marked = tuple(d.model_copy(update={"accepted": by_title.get(_title(d))}) for d in differences)
    if unused := by_title.keys() - {_title(difference) for difference in marked}:
        raise ContractError(
            f"Acceptances match nothing: expected a difference for each, found none for"
            f" {listing(unused)}. Remove them, or mend rule or subject, in {_FLAG}."
        )
    return marked


def _title(item: Acceptance | Difference) -> str:
    return f"{item.rule} {item.subject}"
