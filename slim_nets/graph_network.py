"""A network that is a graph-mode function of somebody else's, with TF-Slim's convention.

`network_fn(images, num_classes=..., is_training=...)` returns the output and a dict of end
points, and its scope function returns what `slim.arg_scope` takes. Nothing here imports
either, nor TensorFlow: what is said of such a network is said by the flags alone.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from slim_nets.layers.protocol import Layers
from slim_nets.network import Network, NetworkError, Task
from slim_nets.page_words import PageWords

# As flags say that a network takes images of any size.
ANY_SIZE = "any"


@dataclass(frozen=True, slots=True)
class GraphFunction:
    """What the flags say of a network that is a function.

    Attributes:
        function: Builds it, as `package.module:function`.
        arg_scope: Makes the arguments of its layers, likewise; empty for none.
        input_range: What images in [0, 1] are rescaled to.
        features: The end point that a feature vector is taken from; empty for what the
            function returns without classes.
        any_size: Whether it takes images of any size.
    """

    function: str
    arg_scope: str = ""
    input_range: tuple[float, float] = (-1.0, 1.0)
    features: str = ""
    any_size: bool = False

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.function.rpartition(":")[2]

    @property
    def network(self) -> Network:
        """What can be said of it without building it."""
        return _network(self)


@cache
def _network(function: GraphFunction) -> Network:
    return Network(
        name=function.name,
        # In front of end points there is the one that its variables have, once it is built.
        scope="",
        build=_has_no_table,
        sizes=((1.0, 0),),  # so that the size is in every name
        num_classes=0,  # none were published
        row_of=lambda _: "",
        words=lambda task: _words(function, task),
        input_range=function.input_range,
        min_image_size=1,
        any_size=function.any_size,
        sized_name=False,
    )


def _has_no_table(
    images: Any,  # noqa: ARG001
    layers: Layers[Any],  # noqa: ARG001
    depth_multiplier: float,  # noqa: ARG001
    num_classes: int | None,  # noqa: ARG001
) -> NoReturn:
    raise NetworkError(
        "A network that is a function cannot be built from other layers: expected one that"
        " 'slim-export list' prints, which are tables of layers, found --network. Leave out keras"
        " and --folded_signature."
    )


def _words(function: GraphFunction, task: Task) -> PageWords:
    taken = f", from its end point `{function.features}`" if function.features else ""
    features = f" The features are what it ends with before its classifier{taken}."
    scope = f" with the scope that `{function.arg_scope}` makes" if function.arg_scope else ""
    low, high = function.input_range
    return PageWords(
        full_name=f"the network `{function.name}`",
        overview=(
            f"The network is what the function `{function.function}` builds{scope}, with TF-Slim's"
            f" layers.{features if task == 'feature_vector' else ''}"
            f" Inside of the model, images in [0, 1] are rescaled to [{low:g}, {high:g}]."
        ),
    )
