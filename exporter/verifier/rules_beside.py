"""Checks the rules of the interface in a process beside the comparison, on another core.

The process takes absl's verbosity as its argument, reads a `RulesRequest` as one
line of JSON, and writes the checks.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pydantic
from absl import logging

from exporter import quiet
from exporter.errors import VerificationError
from exporter.verifier.child import child, send
from exporter.verifier.report.records import Check

_CHECKS = pydantic.TypeAdapter(tuple[Check, ...])


class RulesRequest(pydantic.BaseModel, frozen=True):
    """Asks for the rules that a model breaks.

    Attributes:
        model_dir: The model.
        reference_dir: A SavedModel whose own breaches are no failure of the model's.
    """

    model_dir: str
    reference_dir: str | None = None


@contextmanager
def rules_beside(
    model_dir: Path, reference_dir: str | None
) -> Iterator[Callable[[], tuple[Check, ...]]]:
    """Starts the process.

    Args:
        model_dir: The model.
        reference_dir: The SavedModel that it is compared with, if it is one.

    Yields:
        What waits for the checks and returns them.
    """
    request = RulesRequest(model_dir=str(model_dir.absolute()), reference_dir=reference_dir)
    with child(__name__) as process:
        send(process, request.model_dump_json())

        def checks() -> tuple[Check, ...]:
            output, _ = process.communicate()
            if process.returncode != 0:
                raise VerificationError(
                    f"Rules were not checked: expected exit status 0, found {process.returncode}."
                    " See the messages above; free some memory and try again."
                )
            return _CHECKS.validate_json(output)

        yield checks


def main() -> None:
    """Serves one request."""
    logging.set_verbosity(int(sys.argv[1]))
    request = RulesRequest.model_validate_json(sys.stdin.readline())
    quiet.import_tensorflow()
    from exporter.verifier.rules.rules import check_rules
    from exporter.verifier.subjects.source import loaded

    try:
        model = loaded(Path(request.model_dir))
        other = request.reference_dir and loaded(Path(request.reference_dir))
    except VerificationError:
        # The other process fails to load it too, and says so.
        sys.exit(1)
    sys.stdout.write(_CHECKS.dump_json(tuple(check_rules(model, other or None))).decode())
    quiet.before_exit()


if __name__ == "__main__":
    main()
