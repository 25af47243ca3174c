"""What a network that is a function consists of, read from its graph."""

from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from slim_nets.graph_calls import GraphCalls, usual_classes
from slim_nets.graph_original import original_of_function
from slim_nets.layers.shapes import NetworkShape, Shape, VariableSpec
from slim_nets.original_network import OriginalNetwork


def function_shape(calls: GraphCalls) -> NetworkShape:
    """Returns the variables and end points of a function's network.

    A function is built for two numbers of classes at most, since that takes seconds; what they
    tell of the logits holds for every number.

    Args:
        calls: Which function, and how it is called.

    Raises:
        NetworkError: If the function cannot be had, fails, or breaks the convention.
    """
    usual, wanted = usual_classes(calls.function), calls.num_classes
    one = _shape(replace(calls, num_classes=usual))
    if wanted == usual:
        return one
    two = _shape(replace(calls, num_classes=usual + 1))
    try:
        return _of_classes(one, two, usual, wanted)
    except ValueError:
        return _shape(calls)


@lru_cache(maxsize=2)
def built_once(calls: GraphCalls) -> OriginalNetwork:
    """Builds a function's network, or returns it as it was built before, to be read only."""
    network = original_of_function(calls)
    network.graph.finalize()
    return network


@cache
def _shape(calls: GraphCalls) -> NetworkShape:
    network = built_once(calls)
    end_points = {name: _sizes(_known(t)) for name, t in network.inference.items()}
    output = end_points.pop("default")
    variables = tuple(
        VariableSpec(name, _sizes(v.shape.as_list()), trainable=v.trainable)
        for name, v in network.variables.items()
    )
    return NetworkShape(variables, end_points, output)


def _known(tensor: Any) -> list[int | None]:
    """Returns a shape without the batch; none where even its length is not known."""
    known: list[int | None] = tensor.shape[1:].as_list() if tensor.shape.rank else []
    return known


def _sizes(shape: list[int | None]) -> Shape:
    """Returns a shape with 0 where the size is that of the images."""
    return tuple(size or 0 for size in shape)


def _of_classes(one: NetworkShape, two: NetworkShape, usual: int, wanted: int) -> NetworkShape:
    """Works out the shape for a number of classes.

    Raises:
        ValueError: If the network depends on it in another way than by the size of its logits.
    """

    def scaled(shape: Shape, other: Shape) -> Shape:
        sizes = dict.fromkeys(((usual, usual + 1),), wanted)
        pairs = zip(shape, other, strict=True)
        found = [a if a == b else sizes.get((a, b)) for a, b in pairs]
        if None in found:
            raise ValueError(f"{shape} and {other}")
        return tuple(size for size in found if size is not None)

    pairs = zip(one.variables, two.variables, strict=True)
    ends = one.end_points.items()
    return NetworkShape(
        tuple(replace(v, shape=scaled(v.shape, w.shape)) for v, w in pairs),
        {name: scaled(shape, two.end_points[name]) for name, shape in ends},
        scaled(one.output, two.output),
    )
