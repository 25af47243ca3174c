"""Flags that say which network is meant: one of ours, or a function of one's own."""

import argparse
from collections.abc import Callable, Collection, Mapping
from typing import Any

from exporter.choices import variant_named, variant_of
from exporter.cli import flags
from exporter.errors import InvalidArgumentError
from slim_nets.graph_network import ANY_SIZE, GraphFunction
from slim_nets.registry import Variant


def either(*, required: bool) -> flags.Flag:
    """Makes `--variant` and `--network`, of which one can be given."""

    def add(parser: argparse.ArgumentParser, name: str) -> None:
        group: Any = parser.add_mutually_exclusive_group(required=required)
        flags.variant(type=flags.not_empty)(group, name)
        _FUNCTION(group, "network")

    return add


_FUNCTION = flags.value(
    "instead of --variant, a function of your own that builds a network in TensorFlow's graph"
    " mode, as TF-Slim's do: package.module:function, from PYTHONPATH or the current folder",
    type=flags.not_empty,
)


def _image_size(text: str) -> tuple[int, int] | str:
    return text if text == ANY_SIZE else flags.image_size(text)


# Of a function; in the order of the fields of GraphFunction.
_OF_FUNCTION = {
    "arg_scope": flags.value(
        "with --network, the function that returns its layers' arg_scope: package.module:function",
        type=flags.not_empty,
    ),
    "input_range": flags.value(
        "with --network, what images in [0, 1] are rescaled to inside the model (-1,1)",
        type=flags.input_range,
    ),
    "features": flags.value(
        "with --network, the end point that a feature vector is taken from, where the function"
        " cannot be built without classes",
        type=flags.not_empty,
    ),
}
# What changes a variant's size, and what else is said of a function.
SIZE = {
    **flags.SIZE,
    "image_size": flags.value(
        "in place of the variant's, up to 2048 pixels: 160, or 160x320 (height x width); with"
        " --network also any (the function's default_image_size)",
        type=_image_size,
    ),
    **_OF_FUNCTION,
}
_Given = Mapping[str, Any]
# When flags do not go together, and what is said then; they are looked through in this order.
_REFUSALS: tuple[tuple[Callable[[_Given], bool], str], ...] = (
    (
        lambda given: "network" not in given and bool(given.keys() & _OF_FUNCTION),
        (
            "There is no function: expected --network beside {of_function}. Add it, or leave out"
            " {of_function}."
        ),
    ),
    (
        lambda given: not given.keys() & {"network", "variant"} and bool(given.keys() & flags.SIZE),
        (
            "A size is given without a network: expected --variant or --network beside"
            f" {', '.join(f'--{name}' for name in flags.SIZE)}. Add it."
        ),
    ),
    (
        lambda given: "variant" in given and given.get("image_size") == ANY_SIZE,
        (
            "Variant '{variant}' is not built for images of any size by a flag: expected pixels,"
            " found any. Change --image_size."
        ),
    ),
    (
        lambda given: {"network", "depth_multiplier"} <= given.keys(),
        (
            "Network '{network}' has no depth multiplier: expected none, found"
            " {depth_multiplier:g}. Leave out --depth_multiplier."
        ),
    ),
    (
        lambda given: "features" in given and given.get("task") == "classification",
        (
            "End point '{features}' is of no use for a classification: expected"
            " --task=feature_vector. Leave out --features."
        ),
    ),
)


def chosen(arguments: argparse.Namespace, *, alone: Collection[str] = ()) -> Variant | None:
    """Finds the network that the flags mean; None if they name none.

    Args:
        arguments: The parsed flags.
        alone: Names of flags of functions that mean something else in this command without one.

    Raises:
        InvalidArgumentError: If flags are given that are of no use beside others, or without.
        NetworkError: If a function cannot be had.
    """
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if "network" not in given:
        given = {name: value for name, value in given.items() if name not in alone}
    of_function = {name: given[name] for name in _OF_FUNCTION if name in given}
    for refused, sentence in _REFUSALS:
        if refused(given):
            told = ", ".join(f"--{name}" for name in of_function)
            raise InvalidArgumentError(sentence.format(**given, of_function=told))
    if "network" in given:
        any_size = arguments.image_size == ANY_SIZE
        function = GraphFunction(arguments.network, **of_function, any_size=any_size)
        size = None if any_size else arguments.image_size
        return flags.fill(variant_of, arguments, function=function, image_size=size)
    if "variant" in given:
        return flags.fill(variant_named, arguments, name=arguments.variant)
    return None
