"""What a network that is a function consists of, read from its graph."""

from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from slim_nets.graph_calls import usual_classes
from slim_nets.layers.shapes import NetworkShape, Shape, VariableSpec
from slim_nets.network import Task
from slim_nets.original import OriginalNetwork, original

if TYPE_CHECKING:
    from slim_nets.registry import Variant


def function_shape(variant: "Variant", task: Task) -> NetworkShape:
    """Returns the variables and end points for a task.

    A function is built for two numbers of classes at most, since that takes seconds; what they
    tell of the logits holds for every number.

    Args:
        variant: Which function, and its size and classes.
        task: What it ends with.

    Raises:
        NetworkError: If the function cannot be had, fails, or breaks the convention.
    """
    if variant.graph is None or task != "classification":
        return _shape(_of_task(variant, task), task)
    usual = usual_classes(variant.graph)
    wanted = variant.own_classes or usual
    one = _shape(replace(variant, own_classes=usual), task)
    if wanted == usual:
        return one
    two = _shape(replace(variant, own_classes=usual + 1), task)
    try:
        return _of_classes(one, two, usual, wanted)
    except ValueError:
        return _shape(replace(variant, own_classes=wanted), task)


@lru_cache(maxsize=2)
def _built(variant: "Variant", task: Task) -> OriginalNetwork:
    network = original(variant, task)
    network.graph.finalize()
    return network


def built_once(variant: "Variant", task: Task) -> OriginalNetwork:
    """Builds a function's network, or returns it as it was built before, to be read only."""
    return _built(_of_task(variant, task), task)


def _of_task(variant: "Variant", task: Task) -> "Variant":
    return variant if task == "classification" else replace(variant, own_classes=None)


@cache
def _shape(variant: "Variant", task: Task) -> NetworkShape:
    network = _built(variant, task)
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
