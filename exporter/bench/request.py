"""What the processes of a benchmark are asked, and what they answer, one line of JSON each."""

from typing import Literal

import pydantic

from slim_nets.network import Task
from slim_nets.registry import Variant

Kind = Literal["saved_model", "format", "peer"]


class Input(pydantic.BaseModel, frozen=True):
    """One input of the model.

    Attributes:
        name: As the default signature names it.
        dtype: A NumPy name.
        shape: Of one example, without the batch dimension.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]


class Model(pydantic.BaseModel, frozen=True):
    """What is known of the SavedModel.

    Attributes:
        ways: Ways of calling it that take the same inputs; the first one is the base.
        others: Signatures that take other inputs.
        inputs: In sorted order of their names.
        batch: The only batch size that fits; None if any does.
        variant: Which network it is; None if it is none of ours.
        task: What it was trained for, where the network is known.
    """

    ways: tuple[str, ...]
    others: tuple[str, ...]
    inputs: tuple[Input, ...]
    batch: int | None = None
    variant: Variant | None = None
    task: Task | None = None


class Described(pydantic.BaseModel, frozen=True):
    """The answer of the process that looks at the SavedModel.

    Attributes:
        model: What it found.
        error: Why there is none.
    """

    model: Model | None = None
    error: str = ""


class Subject(pydantic.BaseModel, frozen=True):
    """One thing that is measured.

    Attributes:
        name: As it is shown.
        kind: Who runs it.
        what: The way of calling, the name of the format, or that of the peer.
        path: What is loaded; empty for peers.
        size: Bytes of its files; None for peers, which are built.
    """

    name: str
    kind: Kind
    what: str
    path: str = ""
    size: int | None = None


class OpenTask(pydantic.BaseModel, frozen=True):
    """Asks for a subject to be loaded.

    Attributes:
        subject: Which.
        model: What is known of the SavedModel.
        threads: How many it may use; None for its runtime's default.
    """

    subject: Subject
    model: Model
    threads: int | None


class RunTask(pydantic.BaseModel, frozen=True):
    """Asks for calls: one that does not count, then as many as fill the time.

    Attributes:
        batch: Examples a call.
        seconds: How long to go on.
        calls: How many calls there are at least.
    """

    batch: int
    seconds: float
    calls: int


class Ran(pydantic.BaseModel, frozen=True):
    """What calls came to; for an `OpenTask`, no calls yet.

    Attributes:
        latencies: Seconds of every call.
        shapes: Of the outputs, in sorted order.
        load: Seconds until the subject was loaded, without imports.
        peak: Most bytes that the process ever had.
        grown: The same beyond what it had when everything was imported.
        error: Why there is nothing of this.
    """

    latencies: tuple[float, ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    load: float = 0.0
    peak: int = 0
    grown: int = 0
    error: str = ""


def threads_named(threads: int | None) -> str:
    """Says a number of threads, for people."""
    if threads is None:
        return "default threads"
    return "1 thread" if threads == 1 else f"{threads} threads"
