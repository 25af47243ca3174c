"""The fresh process of a rehearsal: fetches a model, runs its page's code, compares its output.

Reads a `Task` as JSON from standard input and writes an `Answer` as the last
line of standard output. It connects to the loopback and to nothing else.

The code blocks run one after the other in one namespace, with a prelude: `tf`,
`hub` and `np` as everybody imports them, `num_classes` = 3, `images`, two of
noise in the model's size, and `labels` for them.
"""

import ipaddress
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic

from exporter import quiet
from exporter.digests import of_folder

# Another TensorFlow or processor moves results by so much of the largest value: its kernels sum
# in another order. Measured between batch sizes and with oneDNN off.
NOISE = 2e-6
# A report does not say in which batch an example was computed, which moves its last bits.
_BATCHES = (4, 2, 1)
_CLASSES = 3
_ADDRESS_ANY = ("", "localhost")


class Task(pydantic.BaseModel, frozen=True):
    """What is to be tried.

    Attributes:
        url: The model's handle on the local host.
        model_digest: Of its files.
        tensorflow: The version under which the report was made.
        probe: The input's name.
        expected: Values of the output on it, evenly spaced.
        blocks: The page's code, with local handles.
    """

    url: str
    model_digest: str
    tensorflow: str
    probe: str
    expected: tuple[float, ...]
    blocks: tuple[str, ...]


class Comparison(pydantic.BaseModel, frozen=True):
    """How the output compares with the report.

    Attributes:
        values: How many were compared.
        allowance: What may differ.
        difference: The largest difference, over the largest value.
    """

    values: int
    allowance: str
    difference: float


class Answer(pydantic.BaseModel, frozen=True):
    """What came of it.

    Attributes:
        comparison: None if it failed before or in it.
        error: Why it failed.
    """

    comparison: Comparison | None = None
    error: str = ""


class _Mismatch(Exception):  # noqa: N818  (its text is the whole of it)
    """Says what is not as it should be."""


def main() -> None:
    """Serves one task."""
    task = Task.model_validate_json(sys.stdin.read())
    # What the page's code prints is nobody's answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.addaudithook(_refuse_other_machines)
    quiet.import_tensorflow()
    try:
        answer = Answer(comparison=_try(task))
    except _Mismatch as mismatch:
        answer = Answer(error=str(mismatch))
    answers.write(f"\n{answer.model_dump_json()}")
    answers.flush()
    quiet.before_exit()


def _try(task: Task) -> Comparison:
    model = _fetched(task)
    comparison = _compared(model, task)
    _run_blocks(task.blocks, model)
    return comparison


def _fetched(task: Task) -> Any:
    import tensorflow as tf
    import tensorflow_hub as hub

    try:
        folder = Path(hub.resolve(task.url))
        found = of_folder(folder)
        if found != task.model_digest:
            raise _Mismatch(
                f"tensorflow_hub fetched other files: expected digest {task.model_digest},"
                f" found {found}"
            )
        return hub.load(task.url)
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise _Mismatch(f"tensorflow_hub could not load it: {_line(error)}") from error


def _compared(model: Any, task: Task) -> Comparison:
    import numpy as np
    import tensorflow as tf

    same = task.tensorflow == tf.__version__
    allowance = "no bit may differ"
    if not same:
        allowance = (
            f"made by TensorFlow {task.tensorflow or 'unknown'}, run by {tf.__version__}:"
            f" {NOISE:g} of the largest value may differ"
        )
    expected = np.array(task.expected)
    found = [_sampled(model, task, size) for size in _BATCHES]
    scale = float(np.abs(expected).max()) or 1.0
    difference = min(float(np.abs(values - expected).max()) for values in found) / scale
    if not difference <= (0 if same else NOISE):  # not above, so that NaN fails
        raise _Mismatch(
            f"the output on '{task.probe}' differs from the report's by {difference:.2g} of the"
            f" largest value ({allowance})"
        )
    return Comparison(values=expected.size, allowance=allowance, difference=difference)


def _sampled(model: Any, task: Task, batch: int) -> Any:
    """Computes the values that a report would hold."""
    import numpy as np
    import tensorflow as tf

    from exporter.verifier.subjects.examples import PROBES, InputSpec

    if task.probe not in PROBES:
        raise _Mismatch(f"the report's values are of '{task.probe}', which is no probe")
    spec = InputSpec((_input_spec(model),))
    images = tf.constant(np.stack(spec.probe(task.probe) * batch))
    output = model(images)[0].numpy().ravel()
    step = max(1, -(-output.size // max(1, len(task.expected))))
    values = output[::step]
    if not task.expected or values.size != len(task.expected):
        raise _Mismatch(
            f"the output on '{task.probe}' has another size: expected {len(task.expected)} values,"
            f" found {values.size}"
        )
    return values.astype(np.float64)


def _input_spec(model: Any) -> Any:
    """Returns what the model takes, as its serving signature states it."""
    signature = model.signatures["serving_default"]
    (spec,) = signature.structured_input_signature[1].values()
    return spec


def _run_blocks(blocks: Sequence[str], model: Any) -> None:
    names = _prelude(model)
    for number, block in enumerate(blocks, start=1):
        try:
            exec(compile(block, f"<code block {number}>", "exec"), names)  # noqa: S102
        except (Exception, SystemExit) as error:
            raise _Mismatch(
                f"code block {number} of its page failed: {type(error).__name__}: {_line(error)}"
            ) from error


def _prelude(model: Any) -> dict[str, Any]:
    import numpy as np
    import tensorflow as tf
    import tensorflow_hub as hub

    from exporter.verifier.subjects.examples import InputSpec

    image = InputSpec((_input_spec(model),)).probe("noise")[0]
    return {
        "__name__": "__main__",
        "tf": tf,
        "hub": hub,
        "np": np,
        "num_classes": _CLASSES,
        "images": np.stack([image, image]),
        "labels": np.arange(2),
    }


def _refuse_other_machines(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses connections that leave this machine; called for every event of Python's auditing."""
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in _ADDRESS_ANY:
        return
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ConnectionRefusedError(f"a rehearsal does not connect to {host}")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


if __name__ == "__main__":
    main()
