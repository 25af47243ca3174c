"""What comes of everything that a user can do with a model, whoever made it: a sentence each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from exporter.contract import contract_check, contract_lock
from exporter.conversion import ConvertRequest, convert
from exporter.converters.format_table import FORMATS
from exporter.errors import ExporterError
from exporter.verification import VerifyRequest, verify

# What is done with a model, in the order in which outcomes come.
DONE = ("alone", "itself", "changed", "contract", *FORMATS)


@dataclass(frozen=True)
class Outcome:
    """What came of one of them.

    Attributes:
        status: "refused" if the tool did not do it, else whether the model passed.
        said: The sentence that users read.
    """

    status: Literal["passed", "failed", "refused"]
    said: str

    @property
    def letter(self) -> str:
        return self.status[0].upper()


def outcomes(make: Callable[..., Path], folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Does everything with a model.

    Args:
        make: Saves the model, or with a change another.
        folder: An empty one.

    Yields:
        What was done, and what came of it; any error but a refusal is raised.
    """
    model, changed = make(folder / "model"), make(folder / "changed", change=1e-3)
    asked = {
        "alone": VerifyRequest(model),
        "itself": VerifyRequest(model, reference_dir=model),
        "changed": VerifyRequest(changed, reference_dir=model),
    }
    for name, request in asked.items():
        yield name, _outcome(partial(_verified, request))
    yield "contract", _outcome(partial(_locked, model, folder / "contract.json"))
    for name in FORMATS:
        yield name, _outcome(partial(_converted, model, name, folder / "out"))


def _outcome(do: Callable[[], tuple[bool, str]]) -> Outcome:
    try:
        passed, said = do()
    except ExporterError as error:
        return Outcome("refused", str(error))
    return Outcome("passed" if passed else "failed", said)


def _verified(request: VerifyRequest) -> tuple[bool, str]:
    report = verify(request)
    return report.passed, report.verdict()


def _locked(model: Path, lock: Path) -> tuple[bool, str]:
    contract_lock(model, lock)
    diff = contract_check(model, lock)
    return diff.passed, f"{len(diff.differences)} differences."


def _converted(model: Path, name: str, folder: Path) -> tuple[bool, str]:
    (done,) = convert(ConvertRequest(model, (name,), folder))
    if done.error:
        raise ExporterError(done.error)
    assert done.report is not None, "made of every file"
    return done.report.passed, done.warning or done.report.verdict()
