"""The fresh process in which a SavedModel is compared with the original.

Takes absl's verbosity as its argument and imports TensorFlow. Then it reads a
`Request` as one line of JSON, builds the original and runs it while the export
goes on elsewhere, reads the SavedModel's folder as a second line, also JSON, compares,
and writes an `Answer`. It ends when its input ends.
"""

import json
import sys
from typing import Any

import pydantic
from absl import logging

from exporter import quiet
from exporter.verify.report import VerificationReport
from slim_nets.variants import Task, Variant


class Request(pydantic.BaseModel, frozen=True):
    """What to build and restore.

    Attributes:
        variant: Which network.
        task: What it ends with.
        prefix: The checkpoint.
        stored_names: For every variable, its name in the checkpoint.
    """

    variant: Variant
    task: Task
    prefix: str
    stored_names: dict[str, str]


class Answer(pydantic.BaseModel, frozen=True):
    """What came of it.

    Attributes:
        report: The comparison, None if there was none.
        error: Why there was none.
    """

    report: VerificationReport | None = None
    error: str = ""


def main() -> None:
    """Serves one request."""
    logging.set_verbosity(int(sys.argv[1]))
    quiet.import_tensorflow()
    if line := sys.stdin.readline():
        answer = _answer(Request.model_validate_json(line))
        if answer is not None:
            sys.stdout.write(answer.model_dump_json())
    quiet.before_exit()


def _answer(request: Request) -> Answer | None:
    import tensorflow as tf

    try:
        expected = _expected(request)
        line = sys.stdin.readline()
        if not line:
            return None
        report = _report(tf.saved_model.load(json.loads(line)), expected, request)
    except (tf.errors.OpError, OSError, ValueError) as error:
        return Answer(error=" ".join(str(error).split())[:500] or type(error).__name__)
    return Answer(report=report)


def _expected(request: Request) -> Any:
    from exporter.original import restored
    from exporter.verify.checks import expected_of
    from exporter.verify.probes import probes

    names = request.stored_names
    with restored(request.variant, request.task, request.prefix, names) as original:
        return expected_of(original, probes(request.variant.image_size))


def _report(model: Any, expected: Any, request: Request) -> VerificationReport:
    from exporter.verify.checks import compare

    checks = tuple(compare(model, expected, request.variant, request.task))
    return VerificationReport(reference="the original graph", checks=checks)


if __name__ == "__main__":
    main()
