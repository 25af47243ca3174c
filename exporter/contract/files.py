"""Reads and writes the files of a contract: whole, or not at all."""

import os
from collections import Counter
from pathlib import Path
from typing import TypeVar

import pydantic

from checkpoints.git_lfs import IS_POINTER, is_pointer_text
from exporter import strict_json
from exporter.contract.diff import Acceptance
from exporter.contract.form import Contract
from exporter.errors import ContractError, listing, reason
from exporter.staging import write_whole

_T = TypeVar("_T")


def read_lock(path: Path) -> Contract:
    """Reads a locked contract.

    Raises:
        ContractError: If it is not there, is no contract, or of another schema version.
    """
    return _read(path, pydantic.TypeAdapter(Contract), "Lock", "--lock")


def read_acceptances(path: Path) -> list[Acceptance]:
    """Reads a list of acceptances.

    Args:
        path: A JSON file: a list of objects with rule, subject, reason and date.

    Raises:
        ContractError: If it is anything else, or names a difference twice.
    """
    what = "List of acceptances"
    found = _read(path, pydantic.TypeAdapter(list[Acceptance]), what, "--accept")
    counts = Counter(acceptance.name for acceptance in found)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise ContractError(
            f"{what} '{path}' is malformed: expected each once, found twice:"
            f" {listing(twice)}. Leave out one."
        )
    return found


def _read(path: Path, form: pydantic.TypeAdapter[_T], what: str, flag: str) -> _T:
    """Reads JSON of a form; `what` it is called, and which flag named it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContractError(
            f"{what} '{path}' cannot be read: {reason(error)}. Change {flag}."
        ) from error
    if is_pointer_text(data):
        raise ContractError(f"{what} '{path}' {IS_POINTER}")
    try:
        found = form.validate_json(data)
        strict_json.loads(data)
    except pydantic.ValidationError as error:
        first, *others = error.errors(include_url=False)
        where = f"at '{'.'.join(map(str, first['loc']))}', " if first["loc"] else ""
        text = " ".join(first["msg"].removeprefix("Value error, ").split())
        more = f" and {len(others)} more" if others else ""
        raise ContractError(
            f"{what} '{path}' is malformed: {where}{text[:1].lower()}{text[1:]}{more}."
            f" Mend the file, or change {flag}."
        ) from error
    except ValueError as error:
        raise ContractError(
            f"{what} '{path}' is malformed: expected every key once, found {error}. Mend the file,"
            f" or change {flag}."
        ) from error
    return found


def write(path: Path, data: bytes, flag: str, *, overwrite: bool) -> None:
    """Writes a file that appears whole, in one step.

    Args:
        path: Where it is to appear.
        data: What it holds.
        flag: Which flag named it.
        overwrite: Whether one that is there may be replaced.

    Raises:
        ContractError: If something is there that is not to be replaced, or it
            cannot be written.
    """
    check_free(path, flag, overwrite=overwrite)
    try:
        write_whole(path, data, overwrite=overwrite)
    except FileExistsError:
        check_free(path, flag, overwrite=False)
    except OSError as error:
        raise ContractError(
            f"Output '{path}' cannot be written: {reason(error)}. Choose another {flag}."
        ) from error


def check_free(path: Path, flag: str, *, overwrite: bool) -> None:
    """Refuses a path at which a file cannot appear.

    Raises:
        ContractError: If something is there that is not to be replaced.
    """
    if path.is_dir():
        raise ContractError(
            f"Output '{path}' is a folder: expected a file or none. Choose another {flag}."
        )
    if os.path.lexists(path) and not overwrite:
        raise ContractError(
            f"Output '{path}' exists already: expected none, found a file. Choose another {flag},"
            " or use --overwrite to replace it."
        )
