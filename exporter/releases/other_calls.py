"""Ways to run a function other than a node that calls it."""

from collections.abc import Iterator
from typing import Any

from exporter.protobufs import called_by_attribute

# TensorFlow calls a function that says so in place of others that implement the same.
_IMPLEMENTS = "api_implements"


def other_calls(library: Any) -> Iterator[tuple[str, str]]:
    """Finds the functions that are run though no node need name them.

    Args:
        library: The functions of a meta graph, as a `FunctionDefLibrary`.

    Yields:
        The function, and as what it is run.
    """
    for named in (*library.gradient, *library.registered_gradients):
        yield named.gradient_func, "a gradient"
    for function in library.function:
        name = function.signature.name
        if _IMPLEMENTS in function.attr:
            yield name, "a function in place of others"
        for attribute in function.signature.attr:
            for called in called_by_attribute(attribute.default_value):
                yield called.name, f"what function '{name}' calls if it is not told otherwise"
