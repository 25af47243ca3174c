"""Checks the interface's rules beside the comparison, on another core.

Nothing here imports TensorFlow before its process wants it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from exporter import processes, quiet
from exporter.errors import VerificationError
from exporter.processes import ProcessEndedError
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.given import Given


def checked_rules(
    model_dir: Path, reference_dir: Path | None = None, given: Given | None = None
) -> tuple[Check, ...]:
    """Loads a model and checks every rule.

    Args:
        model_dir: The model.
        reference_dir: A SavedModel whose own breaches are no failure of the model's.
        given: What both can be run on beside what is made up.

    Raises:
        VerificationError: If one of the two cannot be loaded.
    """
    quiet.import_tensorflow()
    from exporter.verifier.rules.interface_rules import check_rules
    from exporter.verifier.subjects.saved_model import load_model

    # A second model takes a second to load, and few models break a rule.
    reference = cache(partial(load_model, reference_dir, given=given)) if reference_dir else None
    return tuple(check_rules(load_model(model_dir, given=given), reference))


@contextmanager
def rules_beside(
    model_dir: Path, reference_dir: Path | None, given: Given | None = None
) -> Iterator[Callable[[], tuple[Check, ...]]]:
    """Begins `checked_rules` in a process of its own.

    Yields:
        What waits for the checks and returns them.
    """
    with processes.beside(checked_rules, model_dir, reference_dir, given) as running:

        def checks() -> tuple[Check, ...]:
            try:
                return running()
            except ProcessEndedError as error:
                said = f"Rules were not checked: {error}. {error.advice()}"
                raise VerificationError(said) from error

        yield checks
