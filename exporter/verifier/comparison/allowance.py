"""How much two results may differ, and why that much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from exporter.verifier.report.records import Group
from exporter.verifier.verify_request import AllowanceKind

# Two runs may lie on opposite sides of the reference's spread, and the spread was
# measured on few images: larger ones were seen on others, never twice as large.
NOISE_MULTIPLE = 4.0

# A result's noise by example; under this name, that of examples on which it was not measured.
OTHERS = ""
Noise = Mapping[tuple[Group, str], Mapping[str, float]]

# Kinds of examples whose float noise says nothing of the others': in images of one colour
# nearly all cancels out, and what lies outside [0, 1] does so each in its own way.
_KINDS = {"zeros": "flat", "ones": "flat", "half": "flat", "extremes": "far", "bytes": "farther"}
IMAGE = "image"


def kind_of(example: str) -> str:
    """Returns with which other examples one shares its float noise; most are images."""
    return _KINDS.get(example, IMAGE)


EXACT_REASON = "same TensorFlow, same machine: equal bits"


@dataclass(frozen=True)
class Allowance:
    """What may differ.

    Attributes:
        kind: "exact" allows no bit; "noise" a multiple of the reference's own
            float noise; "given" what the user asked for; "rounding" a
            share of the largest value beside the others.
        atol: Absolute tolerance that was given.
        rtol: Tolerance relative to each expected value that was given.
        noise: The reference's own noise, absolute, by group and name, then by example.
        shares: Of an example's largest absolute value, by kind of example, with "rounding".
        given_by: Why there is a tolerance; empty for flags, or where its kind says it.
    """

    kind: AllowanceKind | Literal["rounding"] = "exact"
    atol: float = 0.0
    rtol: float = 0.0
    noise: Noise = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    given_by: str = ""

    def noise_of(self, group: Group, name: str) -> Mapping[str, float] | None:
        """Returns the reference's noise in one result, None where it was not measured."""
        return self.noise.get((group, name))

    def absolute(self, group: Group, name: str, examples: Sequence[str] = ()) -> np.ndarray:
        """Returns the largest absolute difference that is allowed whatever the value.

        Args:
            group: What kind of thing is compared.
            name: Which one.
            examples: Names of the rows; none if there are no rows.

        Returns:
            float64, one a row, or one for all.
        """
        if self.kind not in ("noise", "rounding"):
            return np.array([self.atol])
        noise = self.noise.get((group, name), {OTHERS: 0.0})
        found = [noise.get(example, noise[OTHERS]) for example in examples or (OTHERS,)]
        return self.atol + NOISE_MULTIPLE * np.array(found)

    def share(self, examples: Sequence[str]) -> np.ndarray:
        """Returns what is allowed beside that, of an example's largest absolute value.

        Args:
            examples: Names of the rows; none if there are no rows.

        Returns:
            float64, one a row, or one for all.
        """
        if not self.shares:
            return np.zeros(1)
        rows = [self.shares.get(kind_of(example), self.shares[IMAGE]) for example in examples]
        return np.array(rows or [max(self.shares.values())])

    def reason(self, group: Group, name: str) -> str:
        """Says why that much is allowed."""
        if self.given_by:
            return self.given_by
        if self.kind == "given":
            return f"--atol={self.atol:g} --rtol={self.rtol:g}"
        if self.kind == "exact":
            return EXACT_REASON
        if self.kind == "rounding":
            share = self.shares[IMAGE]
            return f"batch norms folded, other roundings: {share:.2g} of an image's largest value"
        if (group, name) not in self.noise:
            return "no noise was measured here: equal bits"
        return f"{NOISE_MULTIPLE:g} times the reference's own float noise"

    def summary(self) -> str:
        """Names the allowance for a report."""
        return self.reason("outputs", "") if self.kind == "given" else self.kind
