"""In which numbers a converted file computes, as a report says it."""

import pydantic

from exporter.strict_json import JudgedModel
from exporter.verifier.report.forms import Count


class OpCounts(JudgedModel, pydantic.BaseModel, frozen=True, extra="forbid"):
    """In which numbers the ops of a converted file compute.

    Attributes:
        int8: How many take and give int8, beside constants.
        float32: How many take and give floating point.
        total: How many there are, with those that convert numbers or compute sizes.
    """

    int8: Count
    float32: Count
    total: Count

    def told(self) -> str:
        """Says so in a sentence without its subject."""
        computing = self.int8 + self.float32
        told = f"{self.int8} of {computing} ops compute in int8, {self.float32} in float"
        others = self.total - computing
        return f"{told}; {others} more convert numbers or compute sizes" if others else told
