"""Finds what a model offers that no way of calling reaches."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from exporter.signatures import is_private_name
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.interface import Interface
from exporter.verifier.subjects.subject import PLAIN
from exporter.verifier.subjects.tensor_kinds import is_alike


def not_reached(interface: Interface) -> Iterator[tuple[str, str]]:
    """Yields what is not called, and why; of functions, those of the root.

    Args:
        interface: What a model offers.
    """
    functions = {n for n, v in vars(interface.root).items() if hasattr(v, "concrete_functions")}
    public = {name for name in functions - {PLAIN} if not is_private_name(name)}
    for name in sorted(public - interface.signatures.keys()):
        yield (
            f"function '{name}'",
            "it is neither __call__ nor a signature; to have it compared, save one that calls it",
        )
    called = dict(interface.inputs)
    for taken in interface.taken:
        if any(not _fits(taken[name], called[name]) for name in taken):
            told, instead = map(_described, (taken, called))
            yield (
                f"{PLAIN} with {told}",
                f"it is called with {instead} alone; to have it compared, save a signature of it",
            )


def _fits(one: Any, other: Any) -> bool:
    """Returns whether what is given in place of one nest of specs may be that of the other."""
    try:
        tf.nest.assert_same_structure(one, other)
    except (TypeError, ValueError):
        return False
    return all(map(is_alike, tf.nest.flatten(one), tf.nest.flatten(other)))


def _described(nests: dict[str, Any]) -> str:
    return str(InputSpec(tuple(tf.nest.flatten(nests))))
