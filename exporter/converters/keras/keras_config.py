"""Leaves arguments that have their default out of what a Keras file says of its layers.

Keras writes all of them, and an older one refuses a file for one that it does not know.
"""

import importlib
import inspect
from typing import Any


def without_defaults(config: Any) -> Any:
    """Leaves them out at every depth.

    Args:
        config: What a Keras file holds in `config.json`, or a part of it.

    Returns:
        A copy, from which this Keras makes the same model.
    """
    if isinstance(config, list):
        return [without_defaults(item) for item in config]
    if not isinstance(config, dict):
        return config
    shorter = {key: without_defaults(value) for key, value in config.items()}
    defaults = _defaults(config)
    if defaults:
        given = shorter["config"]
        shorter["config"] = {k: v for k, v in given.items() if not _is_default(v, k, defaults)}
    return shorter


def _defaults(config: dict[str, Any]) -> dict[str, Any]:
    """Returns the defaults of what an object is made with.

    None for what reads its own configuration, which may ask for what is left out.
    """
    module, name = config.get("module"), config.get("class_name")
    if not module or not name or module.partition(".")[0] != "keras":
        return {}
    made = getattr(importlib.import_module(module), name, None)
    if made is None or "from_config" in vars(made):
        return {}
    parameters = inspect.signature(made).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _is_default(value: Any, key: str, defaults: dict[str, Any]) -> bool:
    if key not in defaults:
        return False
    default = defaults[key]
    plain = list(default) if isinstance(default, tuple) else default
    return type(value) is type(plain) and bool(value == plain)
