"""The values that images have which a model takes. Nothing here may import TensorFlow."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

# As a user gives it: the least and the largest value.
Ends = tuple[float, float]
RangeSource = Literal["unknown", "given", "interface", "rescaling", "network"]

_UNIT: Ends = (0.0, 1.0)


@dataclass(frozen=True)
class InputRange:
    """Least and largest value of images.

    Attributes:
        ends: Both; [0, 1], on which models are tried that do not say theirs, where it is unknown.
        source: Who says so: the user, the published interface, a rescaling inside the model that
            was found by running it, or the network that it was recognized as.
    """

    ends: Ends = _UNIT
    source: RangeSource = "unknown"

    @property
    def known(self) -> Ends | None:
        """Both ends; None where nobody says them."""
        return None if self.source == "unknown" else self.ends

    def of_unit(self, values: np.ndarray) -> np.ndarray:
        """Moves values from [0, 1], in which probes and photographs are made, to the range.

        Args:
            values: float32, any shape.

        Returns:
            The same shape and dtype; the same bits where the range is [0, 1].
        """
        low, high = self.ends
        return values if self.ends == _UNIT else values * (high - low) + low

    def to_unit(self, values: np.ndarray) -> np.ndarray:
        """Moves values from the range to [0, 1]."""
        low, high = self.ends
        return values if self.ends == _UNIT else (values - low) / (high - low)

    def told(self, subject: str) -> str:
        """Says what a user should know of it; empty where there is nothing to say.

        Args:
            subject: Such as "SavedModel 'folder'".
        """
        low, high = self.ends
        return {
            "rescaling": f"{subject} takes images from {low:g} to {high:g}, as its own rescaling of"
            " them says, and is given such.",
            "unknown": f"{subject} does not say which values its images have, and is given some"
            " from 0 to 1. Add --input_range if it takes others.",
        }.get(self.source, "")


# What models are run on that say no range, and are given none.
UNKNOWN = InputRange()


def asked(ends: Ends | None) -> InputRange:
    """Returns what a user gives, which is checked when a model is loaded; unknown for None."""
    return UNKNOWN if ends is None else InputRange(ends, "given")
