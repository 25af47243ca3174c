"""How much two results may differ, and why that much."""

from dataclasses import dataclass, field
from typing import Literal

from exporter.verify.report import Group

# Two runs may lie on opposite sides of the reference's spread, and the spread was
# measured on few images: larger ones were seen on others, never twice as large.
NOISE_MULTIPLE = 4.0

EXACT_REASON = "same TensorFlow, same machine: equal bits"


Kind = Literal["exact", "noise", "given"]


@dataclass(frozen=True)
class Allowance:
    """What may differ.

    Attributes:
        kind: "exact" allows no bit; "noise" a multiple of the reference's own
            float noise; "given" what the user asked for.
        atol: Absolute tolerance that was given.
        rtol: Tolerance relative to each expected value that was given.
        noise: The reference's own noise, absolute, by group and name.
    """

    kind: Kind = "exact"
    atol: float = 0.0
    rtol: float = 0.0
    noise: dict[tuple[Group, str], float] = field(default_factory=dict)

    def noise_of(self, group: Group, name: str) -> float | None:
        """Returns the reference's noise in one result, None where it was not measured."""
        return self.noise.get((group, name))

    def absolute(self, group: Group, name: str) -> float:
        """Returns the largest absolute difference that is allowed whatever the value."""
        if self.kind == "noise":
            return NOISE_MULTIPLE * self.noise.get((group, name), 0.0)
        return self.atol

    def reason(self, group: Group, name: str) -> str:
        """Says why that much is allowed."""
        if self.kind == "given":
            return f"--atol={self.atol:g} --rtol={self.rtol:g}"
        if self.kind == "exact":
            return EXACT_REASON
        if (group, name) not in self.noise:
            return "no noise was measured here: equal bits"
        return f"{NOISE_MULTIPLE:g} times the reference's own float noise"

    def summary(self) -> str:
        """Names the allowance for a report."""
        return self.reason("outputs", "") if self.kind == "given" else self.kind
