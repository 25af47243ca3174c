"""Checks the interface's rules beside the comparison, on another core.

Nothing here imports TensorFlow before its process does, which it does at once.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from exporter import processes, quiet
from exporter.errors import VerificationError
from exporter.processes import ProcessEndedError, Session
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.given import Given


@dataclass(frozen=True)
class RulesBeside:
    """A process that checks the rules of one model; it has begun to import TensorFlow."""

    _running: Session[tuple[Check, ...] | None]

    def begin(
        self,
        model_dir: Path,
        reference_dir: Path | None = None,
        given: Given | None = None,
        sizes: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Has it load a model and check every rule.

        Args:
            model_dir: The model.
            reference_dir: A SavedModel whose own breaches are no failure of the model's.
            given: What both can be run on beside what is made up.
            sizes: Heights and widths of images that may have any, as `LoadedModel.sizes`.
        """
        self._running.tell((model_dir, reference_dir, {"given": given, "sizes": tuple(sizes)}))

    def checks(self) -> tuple[Check, ...]:
        """Waits for the checks.

        Raises:
            VerificationError: If one of the two cannot be loaded, or the process ended.
        """
        try:
            # It says that it is ready for a model before it says what it found.
            while (found := self._running.hear()) is None:
                pass
        except ProcessEndedError as error:
            said = f"Rules were not checked: {error}. {error.advice()}"
            raise VerificationError(said) from error
        return found


@contextmanager
def rules_beside() -> Iterator[RulesBeside]:
    """Starts the process.

    Yields:
        What is to be told the model; the process is gone afterwards.
    """
    with processes.session(checked_rules) as running:
        yield RulesBeside(running)


def checked_rules() -> Generator[tuple[Check, ...] | None, Any, None]:
    """Checks every rule of one model.

    Yields:
        None, to be sent what `RulesBeside.begin` is given; the checks.

    Raises:
        VerificationError: If a model cannot be loaded.
    """
    quiet.import_tensorflow()
    from exporter.verifier.rules.interface_rules import check_rules
    from exporter.verifier.subjects.loading import load_model

    model_dir, reference_dir, how = yield None
    # A second model takes a second to load, and few models break a rule.
    reference = cache(partial(load_model, reference_dir, **how)) if reference_dir else None
    yield tuple(check_rules(load_model(model_dir, **how), reference))
