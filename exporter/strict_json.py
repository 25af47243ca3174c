"""Reads JSON that something is judged by, which must say one thing to every reader.

Of a key that stands twice, one reader takes the first value and another the last.
"""

import json
from typing import Any, Self

import pydantic
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError


def loads(text: str | bytes) -> Any:
    """Reads JSON.

    Args:
        text: JSON, in UTF-8 if it is bytes.

    Returns:
        What it says.

    Raises:
        ValueError: If it is none, nests too deeply, or has a key twice in one object.
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("brackets in brackets, too many to read") from error


class JudgedModel(pydantic.BaseModel):
    """A record whose JSON has every key once."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Reads a record, as pydantic does.

        Raises:
            ValidationError: Also if a key stands twice.
        """
        found = super().model_validate_json(json_data, **options)
        try:
            loads(bytes(json_data) if isinstance(json_data, bytearray) else json_data)
        except ValueError as error:
            told = PydanticCustomError("json_invalid", "{error}", {"error": str(error)})
            details = [InitErrorDetails(type=told, input=None)]
            raise ValidationError.from_exception_data(cls.__name__, details) from error
        return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} twice in one object")
        found[key] = value
    return found
