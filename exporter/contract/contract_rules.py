"""The rules by which differences are classed, as `contract_rules.toml` has them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Consumer = Literal["serving", "keras_layer", "fine_tuning", "checkpoint"]
CONSUMERS: tuple[Consumer, ...] = get_args(Consumer)
WHO: dict[Consumer, str] = {
    "serving": "calls a signature: TensorFlow Serving's clients, model.signatures[...],"
    " hub.KerasLayer(signature=...), converters",
    "keras_layer": "calls the model in inference: hub.KerasLayer, hub.load",
    "fine_tuning": "trains it: training mode, momentum, losses, lists of variables",
    "checkpoint": "restores or exchanges weights by name, by key, or by position as in h5 files",
}

Severity = Literal["BREAKING", "COMPATIBLE", "COSMETIC"]
SEVERITIES: dict[Severity, str] = {
    "BREAKING": "what worked fails, or means something else",
    "COMPATIBLE": "it can be noticed, and what worked goes on working",
    "COSMETIC": "it touches nothing that this consumer was promised",
}

_TABLE = Path(__file__).with_suffix(".toml")
_LETTERS: dict[str, Severity] = {"B": "BREAKING", "C": "COMPATIBLE", "-": "COSMETIC"}

Classes = dict[Consumer, Severity]


@dataclass(frozen=True, slots=True)
class ContractRule:
    """One kind of difference.

    Attributes:
        number: As people refer to it.
        title: What differs.
        classes: What it is for each consumer.
        classes_in_training_mode: The same for a difference in training mode alone.
        reason: Why.
        example: One that falls under it.
    """

    number: str
    title: str
    classes: Classes
    classes_in_training_mode: Classes
    reason: str
    example: str


@cache
def contract_rules() -> dict[str, ContractRule]:
    """Reads all rules: by number, in the order of the numbers."""
    import tomllib

    rows = tomllib.loads(_TABLE.read_text("utf-8"))
    return {number: _rule(number, *rows[number]) for number in sorted(rows)}


def _rule(number: str, letters: str, title: str, reason: str, example: str) -> ContractRule:
    normal, *training = map(_classes, letters.split())
    return ContractRule(number, title, normal, (training or [normal])[0], reason, example)


def _classes(letters: str) -> Classes:
    return {c: _LETTERS[letter] for c, letter in zip(CONSUMERS, letters, strict=True)}
