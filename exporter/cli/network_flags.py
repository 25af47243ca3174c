"""Flags that say which network is meant: one of ours, or a function of one's own."""

import argparse
from collections.abc import Collection
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
    "instead of --variant, a function of one's own that builds a network in TensorFlow's graph"
    " mode, as TF-Slim's do: package.module:function, from PYTHONPATH or the current folder",
    type=flags.not_empty,
)


def _image_size(text: str) -> tuple[int, int] | str:
    return text if text == ANY_SIZE else flags.image_size(text)


# Of a function; in the order of the fields of GraphFunction.
_OF_FUNCTION = {
    "arg_scope": flags.value(
        "with --network, the function that makes the scope of its layers' arguments, likewise",
        type=flags.not_empty,
    ),
    "input_range": flags.value(
        "with --network, what images in [0, 1] are rescaled to inside of the model (-1,1)",
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
        "another one than the variant's, up to 2048 pixels: 160, or 160x320 (height x width); with"
        " --network also any, and the function's own usual size where it is left out",
        type=_image_size,
    ),
    **_OF_FUNCTION,
}


def chosen(arguments: argparse.Namespace, *, alone: Collection[str] = ()) -> Variant | None:
    """Finds the network that the flags mean; None if they name none.

    Args:
        arguments: The parsed flags.
        alone: Names of flags of functions that mean something else in this command without one.

    Raises:
        InvalidArgumentError: If flags are given that are of no use without others.
        NetworkError: If a function cannot be had.
    """
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if arguments.network is not None:
        return _function(arguments, given)
    if others := [f"--{name}" for name in _OF_FUNCTION if name in given and name not in alone]:
        raise InvalidArgumentError(
            f"There is no function: expected --network beside {', '.join(others)}. Add it, or"
            f" leave {'it' if len(others) == 1 else 'them'} out."
        )
    sizes = [f"--{name}" for name in flags.SIZE]
    if arguments.variant is None:
        if any(name in given for name in flags.SIZE):
            raise InvalidArgumentError(
                "A size is given without a network: expected --variant or --network"
                f" beside {', '.join(sizes)}. Add it."
            )
        return None
    if arguments.image_size == ANY_SIZE:
        raise InvalidArgumentError(
            f"Variant '{arguments.variant}' is not built for images of any size by a flag: expected"
            " pixels, found any. Change --image_size."
        )
    return flags.fill(variant_named, arguments, name=arguments.variant)


def _function(arguments: argparse.Namespace, given: dict[str, object]) -> Variant:
    if "depth_multiplier" in given:
        raise InvalidArgumentError(
            f"Network '{arguments.network}' has no depth multiplier: expected none, found"
            f" {arguments.depth_multiplier:g}. Leave out --depth_multiplier."
        )
    if "features" in given and arguments.task == "classification":
        raise InvalidArgumentError(
            f"End point '{arguments.features}' is of no use for a classification: expected"
            " --task=feature_vector. Leave out --features."
        )
    any_size = arguments.image_size == ANY_SIZE
    told = {name: value for name, value in given.items() if name in _OF_FUNCTION}
    function = GraphFunction(arguments.network, **told, any_size=any_size)  # type: ignore[arg-type]
    size = None if any_size else arguments.image_size
    return flags.fill(variant_of, arguments, function=function, image_size=size)
