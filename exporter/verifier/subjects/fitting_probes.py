"""Finds out which of the values that are made up a way of calling takes, by calling it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from exporter.errors import VerificationError
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.probes import FAR, PROBES
from exporter.verifier.subjects.subject import (
    Inputs,
    LargeOutputsError,
    ModelCallError,
    Refusal,
    StrangeOutputsError,
)

_Call = Callable[[Inputs], Any]


def with_far_numbers(spec: InputSpec, call: _Call) -> InputSpec:
    """Finds out whether whole numbers may be other ones than 0 and 1.

    Args:
        spec: What a way of calling takes.
        call: Calls it.

    Returns:
        The same, with the probes that it does not take so.
    """
    if not spec.any_whole:
        return spec
    refused = frozenset(probe for probe in FAR if not _fits(spec, probe, call))
    return replace(spec, zero_or_one=refused)


def _fits(spec: InputSpec, probe: str, call: _Call) -> bool:
    try:
        return not _refusal(spec, probe, call)
    except VerificationError:
        return False  # as a number of rows would be


def refusals(spec: InputSpec, call: _Call) -> Iterator[tuple[str, Refusal]]:
    """Yields the probes that a way of calling does not take, and why.

    Args:
        spec: What it takes.
        call: Calls it.

    Raises:
        VerificationError: If what it gives would fill the memory, as of any other values.
    """
    for probe in PROBES:
        if spec.strange:
            found = f"expected numbers or strings, found {spec.strange}"
            yield probe, Refusal("inputs", found)
        elif refused := _refusal(spec, probe, call):
            yield probe, refused


def _refusal(spec: InputSpec, probe: str, call: _Call) -> Refusal | None:
    size = spec.fixed_batch() or 1
    try:
        call([np.stack([value] * size) for value in spec.probe(probe)])
    except LargeOutputsError as error:
        raise VerificationError(str(error)) from error
    except StrangeOutputsError as error:
        return Refusal("results", error.said)
    except ModelCallError as error:
        return Refusal("inputs", error.said or str(error))
    return None
