"""With which hyperparameters calls in training mode are compared."""

from collections.abc import Mapping
from typing import Any

from exporter.verifier.subjects.examples import Plan
from exporter.verifier.subjects.subject import MOMENTUM, is_number, others


def told_of(hyperparameters: Mapping[str, float]) -> str:
    """Says what hyperparameters are, behind commas."""
    return "".join(f", {name.split('_')[-1]} {v:g}" for name, v in hyperparameters.items())


def settings_of(hyperparameters: Mapping[str, Any], plan: Plan) -> list[dict[str, float]]:
    """Returns what to call with: the momenta, both ends of other numbers, or the defaults."""
    settings: list[dict[str, float]] = []
    for name, default in hyperparameters.items():
        if name == MOMENTUM or is_number(default):
            values = plan.momenta if name == MOMENTUM else (default, *others(default))
            settings += [{name: value} for value in values]
    return settings or [{}]
