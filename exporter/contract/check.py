"""Checks a model against its lock."""

from pathlib import Path

import pydantic

from exporter import quiet
from exporter.contract import file
from exporter.contract.accept import Entry, accept
from exporter.contract.compare import compare
from exporter.contract.record import Contract
from exporter.contract.report import ContractDiff
from exporter.contract.rules import Consumer

_FLAG = "--lock"
_FORM = pydantic.TypeAdapter(Contract)


def read_lock(path: Path) -> Contract:
    """Reads a locked contract.

    Raises:
        ContractError: If it is not there, is no contract, or of another schema version.
    """
    return file.read(path, _FORM, "Lock", _FLAG)


def check(
    folder: Path, locked: Contract, *, consumer: Consumer | None, accepted: list[Entry]
) -> ContractDiff:
    """Compares a model with its contract.

    Args:
        folder: The SavedModel.
        locked: What consumers depend on.
        consumer: Whom it must not break; None for nobody.
        accepted: Deliberate changes.

    Raises:
        ContractError: If the model cannot be read, or an acceptance matches nothing.
    """
    quiet.import_tensorflow()
    from exporter.contract.read import read

    differences = accept(compare(locked, read(folder)), accepted)
    return ContractDiff(consumer=consumer, differences=differences)
