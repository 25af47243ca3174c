"""The fresh process in which a SavedModel is compared with the original.

Takes absl's verbosity as its argument and imports TensorFlow. Then it reads a
`Reference` as one line of JSON, builds the original and runs it while the export
goes on elsewhere, reads the SavedModel's folder as a second line, also JSON, compares,
and writes an `Answer`. It ends when its input ends.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pydantic
from absl import logging

from exporter import quiet
from exporter.errors import VerificationError
from exporter.verifier.report.records import VerificationReport
from exporter.verifier.report.request import Reference


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
        answer = _answer(Reference.model_validate_json(line))
        if answer is not None:
            sys.stdout.write(answer.model_dump_json())
    quiet.before_exit()


def _answer(reference: Reference) -> Answer | None:
    import tensorflow as tf

    try:
        from exporter.verifier.subjects.source import opened

        with opened(reference.source) as original:
            line = sys.stdin.readline()
            if not line:
                return None
            return Answer(report=_report(Path(json.loads(line)), reference, original))
    except (tf.errors.OpError, OSError, ValueError, VerificationError) as error:
        return Answer(error=" ".join(str(error).split())[:500] or type(error).__name__)


def _report(folder: Path, reference: Reference, original: Any) -> VerificationReport:
    from exporter.verifier.comparison.allowance import Allowance
    from exporter.verifier.comparison.compare import compare, network
    from exporter.verifier.comparison.summary import sample, summary
    from exporter.verifier.subjects.examples import QUICK, Examples
    from exporter.verifier.subjects.source import loaded

    model = loaded(folder)
    examples = Examples(original.input_spec, QUICK)
    known = network(original.variant, original.task)
    allowance = Allowance()
    checks = compare(model, original, known, examples=examples, allowance=allowance)
    report = summary(folder, reference, known, examples, allowance, checks)
    batch = examples.few(QUICK.training_batch)
    return report.model_copy(update={"sample": sample(model, original, batch)})


if __name__ == "__main__":
    main()
