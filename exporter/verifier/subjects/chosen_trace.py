"""Calls the trace that a restored function chooses."""

import inspect
from typing import Any


def call_chosen_trace(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Calls a function; a restored one without the function that TensorFlow makes of every call.

    A restored function chooses among its traces by Python code of TensorFlow's, which it traces for
    every shape it is called with. The tape then differentiates both, which takes twice as long and
    computes the same bits. Here that code is run as it is.

    Args:
        function: What was restored, or any other function.
        *args: The arguments of the call.
        **kwargs: The named arguments of the call.

    Returns:
        What the function returns.
    """
    if not hasattr(function, "concrete_functions"):
        return function(*args, **kwargs)
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return function.python_function(*bound.args, **bound.kwargs)
