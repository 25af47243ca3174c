"""Finds the trace that a restored function calls."""

from typing import Any

from exporter.protobufs import CALLS


def chosen_trace(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Returns the trace that TensorFlow chooses for a call.

    A restored function makes a function of its own around that trace for every
    shape it is called with. The tape then differentiates both, which takes
    twice as long and computes the same bits.

    Args:
        function: What was restored.
        *args: The arguments of the call.
        **kwargs: The named arguments of the call.

    Returns:
        The trace, to be called with the same arguments; or the function where it
        calls no trace, or more than one, or one that wants more arguments.
    """
    if not hasattr(function, "concrete_functions"):
        return function
    graph = function.get_concrete_function(*args, **kwargs).graph
    called = [op.get_attr("f").name for op in graph.get_operations() if op.type in CALLS]
    traces = {_text(trace.name): trace for trace in function.concrete_functions}
    if len(called) != 1 or called[0] not in traces:
        return function
    trace = traces[called[0]]
    try:
        trace.function_type.bind(*args, **kwargs)
    except TypeError:
        return function
    return trace


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
