"""What a verification found."""

from typing import Literal

import pydantic

from exporter.errors import VerificationError, listing

Group = Literal[
    "weights", "outputs", "end points", "training", "gradients", "moving averages", "regularization"
]


class Check(pydantic.BaseModel, frozen=True):
    """One comparison.

    Attributes:
        group: What kind of thing was compared.
        name: Which one, such as an end point or a variable.
        values: How many numbers were compared.
        differing: How many of them are not the same bits.
        max_abs: Largest absolute difference.
        message: Empty if it passed; else where, expected, and found.
    """

    group: Group
    name: str
    values: int
    differing: int = 0
    max_abs: float = 0.0
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether not a bit differed."""
        return not self.message


class VerificationReport(pydantic.BaseModel, frozen=True):
    """All comparisons of one model with one reference.

    Attributes:
        reference: What the model was compared with.
        checks: In the order in which the network computes.
    """

    reference: str
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether there were checks and all passed."""
        return bool(self.checks) and not self.failures

    def raise_if_failed(self) -> None:
        """Raises for what failed, the first first.

        Raises:
            VerificationError: If not every check passed.
        """
        if self.passed:
            return
        if not self.checks:
            raise VerificationError(f"SavedModel was not compared with {self.reference} at all.")
        first, *others = self.failures
        also = listing(f"{check.group} '{check.name}'" for check in others)
        raise VerificationError(
            f"SavedModel differs from {self.reference} first in {first.group} '{first.name}':"
            f" {first.message}"
            + (f"; also in {also} of {len(self.checks)} checks" if others else "")
            + ". Nothing was written; report this, with the checkpoint."
        )
