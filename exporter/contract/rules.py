"""The rules by which differences are classed. Identifiers are never given to another rule."""

from dataclasses import dataclass
from typing import Literal, get_args

Consumer = Literal["serving", "keras_layer", "fine_tuning", "checkpoint"]
CONSUMERS: tuple[Consumer, ...] = get_args(Consumer)

Severity = Literal["BREAKING", "COMPATIBLE", "COSMETIC"]
SEVERITIES: dict[Severity, str] = {
    "BREAKING": "what worked fails, or means something else",
    "COMPATIBLE": "it can be noticed, and what worked goes on working",
    "COSMETIC": "it touches nothing that this consumer was promised",
}

WHO: dict[Consumer, str] = {
    "serving": "calls a signature: TensorFlow Serving's clients, model.signatures[...],"
    " hub.KerasLayer(signature=...), converters",
    "keras_layer": "calls the model in inference: hub.KerasLayer, hub.load",
    "fine_tuning": "trains it: training mode, momentum, losses, lists of variables",
    "checkpoint": "restores or exchanges weights by name, by key, or by position as in h5 files",
}

# Growth of all files together beyond which a larger model is told.
MAX_GROWTH = 1.5

# What TensorFlow's own functions that save and restore are made of.
SAVER_OPS = frozenset(
    {
        *("AssignVariableOp", "Cast", "Const", "DisableCopyOnRead", "Identity", "IdentityN"),
        *("MergeV2Checkpoints", "NoOp", "Pack", "Placeholder", "ReadVariableOp", "RestoreV2"),
        *("SaveV2", "Select", "ShardedFilename", "StatefulPartitionedCall", "StaticRegexFullMatch"),
        *("StringJoin", "VarHandleOp"),
    }
)

_LETTERS: dict[str, Severity] = {"B": "BREAKING", "C": "COMPATIBLE", "-": "COSMETIC"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of difference.

    Attributes:
        number: As people refer to it.
        title: What differs.
        letters: Its class for each of `CONSUMERS`: B, C, or - for cosmetic.
        reason: Why.
        example: One that falls under it.
        by_mode: Whether it is cosmetic for `keras_layer` where it is about
            training mode alone.
    """

    number: str
    title: str
    letters: str
    reason: str
    example: str
    by_mode: bool = False

    def severity(self, consumer: Consumer, *, training: bool = False) -> Severity:
        """Classes a difference under this rule.

        Args:
            consumer: For whom.
            training: Whether the difference is about training mode alone.
        """
        if self.by_mode and training and consumer == "keras_layer":
            return "COSMETIC"
        return _LETTERS[self.letters[CONSUMERS.index(consumer)]]
