"""With which hyperparameters calls in training mode are compared, and by which output."""

from collections.abc import Mapping
from typing import Any

from exporter.verifier.subjects.examples import Plan
from exporter.verifier.subjects.subject import (
    BARE,
    DEFAULT,
    MOMENTUM,
    Arrays,
    is_float,
    is_number,
    others,
)


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


def target_of(outputs: Arrays, drawn: set[str]) -> tuple[str | None, bool]:
    """Chooses what to differentiate: the output itself, else the last float, if there is any.

    Args:
        outputs: By name.
        drawn: Those that training mode draws at random.

    Returns:
        Its name, and whether in training mode: what is drawn is differentiated in inference.
    """
    floats = [key for key, value in outputs.items() if is_float(value)]
    for training, keys in ((True, [key for key in floats if key not in drawn]), (False, floats)):
        for key in (BARE, DEFAULT, *keys[-1:]):
            if key in keys:
                return key, training
    return None, False
