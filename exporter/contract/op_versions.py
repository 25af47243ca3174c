"""Which releases of TensorFlow have an op, as `op_versions.toml` has it."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".toml")


@cache
def _table() -> tuple[tuple[str, ...], dict[str, int]]:
    """Reads the releases that were asked, and the first that has each op, by its place."""
    import tomllib

    table = tomllib.loads(_TABLE.read_text("utf-8"))
    asked = tuple(table["asked"])
    first = {op: asked.index(v) for v, ops in table["first"].items() for op in ops.split()}
    return asked, first


def asked() -> tuple[str, ...]:
    """Lists the releases of TensorFlow that were asked, from the oldest on."""
    return _table()[0]


def excluded(op: str, used: Iterable[str]) -> tuple[str, ...]:
    """Lists the releases that an op excludes.

    Args:
        op: The op.
        used: Ops that a model has without it.

    Returns:
        From the oldest on: those that have all that is used, but not this op.
    """
    releases, first = _table()
    return releases[releases.index(needed(used)) : first.get(op, 0)]


def needed(ops: Iterable[str]) -> str:
    """Names the oldest of the releases that has all of some ops."""
    releases, first = _table()
    return releases[max((first.get(op, 0) for op in ops), default=0)]
