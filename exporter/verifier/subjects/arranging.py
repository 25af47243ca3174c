"""Puts the arguments of a call where a function takes them."""

import inspect
from collections.abc import Mapping
from typing import Any

_STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def arranged(
    parameters: Mapping[str, inspect.Parameter], given: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Returns the arguments of a call, by position as far as they follow each other, then by name.

    Args:
        parameters: Of the function, by name.
        given: By name; of `*args` a sequence, of `**kwargs` a mapping.
    """
    by_position: list[Any] = []
    by_name: dict[str, Any] = {}
    follows = True
    for name, parameter in parameters.items():
        follows = follows and (name in given or parameter.kind in _STARRED)
        if name not in given:
            continue
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            by_name |= given[name]
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            by_position += given[name]
        elif follows and parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            by_position.append(given[name])
        else:
            by_name[name] = given[name]
    return tuple(by_position), by_name


def without_empty(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Returns arguments by name, without `*args` and `**kwargs` that hold none."""
    starred = [p.name for p in bound.signature.parameters.values() if p.kind in _STARRED]
    return {n: value for n, value in bound.arguments.items() if n not in starred or value}
