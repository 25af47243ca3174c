"""The networks by name, and their variants by the names that TensorFlow Hub gave them."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from slim_nets import networks as tables
from slim_nets.graph_network import GraphFunction
from slim_nets.layers.protocol import Layers
from slim_nets.layers.shapes import NetworkShape, ShapeLayers, VariableSpec
from slim_nets.network import Build, Network, NetworkError, OtherWidths, Task
from slim_nets.own_networks import MODULES_VARIABLE, networks_of, own_modules

if TYPE_CHECKING:
    from slim_nets.graph_calls import GraphCalls

# Far beyond any published input; the largest networks then take more than 16 GB to verify.
MAX_IMAGE_SIZE = 2048
MAX_DEPTH_MULTIPLIER = 2.0
MAX_CLASSES = 1_000_000


class ImageSize(NamedTuple):
    """The size of images, such as `224` or, height first, `160x320`."""

    height: int
    width: int

    def __str__(self) -> str:
        """Returns one number for a square, as in the names on TensorFlow Hub."""
        return str(self.height) if self.height == self.width else f"{self.height}x{self.width}"


@dataclass(frozen=True, slots=True)
class Variant:
    """A network at one size.

    Attributes:
        family: The network, such as `mobilenet_v3_small`.
        depth_multiplier: Scales the channels, in (0, 2].
        image_size: Height and width of the images in pixels.
        own_classes: Size of the logits; None for that of the published ones.
        widths: Which of the network's other widths it has, by name; empty for its own.
        graph: The function that builds it; None for a network that is held as a table.
    """

    family: str
    depth_multiplier: float
    image_size: ImageSize
    own_classes: int | None = None
    widths: str = ""
    graph: GraphFunction | None = None

    @property
    def name(self) -> str:
        """The name as on TensorFlow Hub, such as `mobilenet_v3_small_075_224` or `inception_v3`.

        Classes and other widths are not in it: they are those of one's own checkpoint.
        """
        if self.is_known and not self.network.sized_name:
            usual = self.image_size == (self.network.sizes[0][1],) * 2
            return self.family if usual else f"{self.family}_{self.image_size}"
        percent = round(self.depth_multiplier * 100)
        exact = percent / 100 == self.depth_multiplier
        multiplier = f"{percent:03d}" if exact else repr(self.depth_multiplier)
        return f"{self.family}_{multiplier}_{self.image_size}"

    @property
    def network(self) -> Network:
        """The network.

        Raises:
            NetworkError: If it is not known here.
        """
        if self.graph is not None:
            return self.graph.network
        if not self.is_known:
            raise NetworkError(
                f"Network '{self.family}' is not known here: expected one of"
                f" {', '.join(networks())}. Set {MODULES_VARIABLE} to the module that has it."
            )
        return networks()[self.family]

    @property
    def is_known(self) -> bool:
        """Whether it can be told what network it is."""
        return self.graph is not None or self.family in networks()

    @property
    def input_size(self) -> tuple[int | None, int | None]:
        """Height and width of the images that its models take, in pixels; None for any."""
        return (None, None) if self.network.any_size else self.image_size

    @property
    def background(self) -> bool:
        """Whether class 0 is a background, as in the published logits."""
        return self.network.background and self.own_classes is None

    @property
    def other_widths(self) -> OtherWidths | None:
        """How its variables differ from the published ones; None if they do not."""
        return next((o for o in self.network.other_widths if o.name == self.widths), None)

    @property
    def build(self) -> Build:
        """Builds the network with its widths."""
        return self.other_widths.build if self.other_widths else self.network.build

    def num_classes(self, task: Task) -> int | None:
        """Returns the size of the logits, None for features."""
        if task != "classification":
            return None
        if self.graph is not None and self.own_classes is None:
            return self.shape(task).output[0]
        return self.own_classes or self.network.num_classes

    def shape(self, task: Task, build: Build | None = None) -> NetworkShape:
        """Returns the variables and end points for a task, also of another build of the network.

        Raises:
            NetworkError: If it is a function that cannot be had, fails, or breaks the convention.
        """
        if (calls := self.calls(task)) is not None:
            from slim_nets.graph_shape import function_shape

            return function_shape(calls)
        return _shape(self, task) if build is None else _worked_out(self, task, build)

    def calls(self, task: Task) -> "GraphCalls | None":
        """Returns how the function that builds it is called; None for a table.

        Raises:
            NetworkError: If it is a function that cannot be had.
        """
        if self.graph is None:
            return None
        from slim_nets.graph_calls import GraphCalls, usual_classes

        own = self.own_classes if task == "classification" else None
        return GraphCalls(self.graph, task, self.input_size, own or usual_classes(self.graph))

    def telling(self, task: Task) -> Task:
        """Returns the task whose variables tell of classes: a function may be of one task only."""
        return task if self.graph is not None else "classification"

    def all_variables(self) -> tuple[VariableSpec, ...]:
        """Returns those of the network with logits; of a function without, of its features."""
        try:
            return self.shape("classification").variables
        except NetworkError as error:
            if self.graph is None:
                raise
            try:
                return self.shape("feature_vector").variables
            except NetworkError:
                raise error from None

    def end_points(
        self, images: Any, task: Task, layers: Layers[Any], build: Build | None = None
    ) -> dict[str, Any]:
        """Builds the network as TensorFlow Hub's models have it.

        Args:
            images: float32 `[batch, height, width, 3]` in [0, 1].
            task: What it ends with.
            layers: The set of layers to build with.
            build: Another way to build it than the network's own.

        Returns:
            The output as `default`, then every end point in the network's order,
            its scope in front, such as `MobilenetV3/layer_2/output`.
        """
        network = self.network
        low, high = network.input_range
        built = (build or self.build)(
            layers.rescale(images, high - low, -low),
            layers,
            self.depth_multiplier,
            self.num_classes(task),
        )
        start = f"{network.scope}/"
        named = {f"{start}{k.removeprefix(start)}": v for k, v in built.end_points.items()}
        return {"default": built.output} | named


@cache
def networks() -> Mapping[str, Network]:
    """Returns all networks by name: those of this package, and one's own.

    Raises:
        NetworkError: If a module of one's own has no networks, or one of a name that is taken.
    """
    names = [module.name for module in pkgutil.iter_modules(tables.__path__, f"{tables.__name__}.")]
    found = {n.name: n for name in names for n in importlib.import_module(name).NETWORKS}
    for name in own_modules():
        for network in networks_of(name):
            if network.name in found:
                raise NetworkError(
                    f"Network '{network.name}' of module '{name}' has a name that is taken:"
                    f" expected another than {', '.join(found)}. Rename it."
                )
            found[network.name] = network
    return found


@cache
def variants() -> Mapping[str, Variant]:
    """Returns the named variants of all networks by name."""
    return {
        variant.name: variant
        for network in networks().values()
        for multiplier, size in network.sizes
        if (variant := Variant(network.name, multiplier, ImageSize(size, size)))
    }


def of_same_weights(variant: Variant) -> Iterator[Variant]:
    """Yields the named variants of the same network and multiplier.

    A size of images changes no variable; classes and widths are those of a checkpoint.
    """
    for named in variants().values():
        same = (named.family, named.depth_multiplier) == (variant.family, variant.depth_multiplier)
        if same and variant.graph is None:
            yield named


def base_of(variant: Variant) -> Variant:
    """Returns the named variant from which another size of a network is described: the last."""
    return [named for named in variants().values() if named.family == variant.family][-1]


def resized(
    variant: Variant,
    *,
    depth_multiplier: float | None = None,
    image_size: int | tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> Variant:
    """Changes the size of a variant.

    Args:
        variant: Where to start.
        depth_multiplier: In (0, 2]; None keeps it.
        image_size: Height and width in pixels, one number for both, from the network's
            smallest to 2048; None keeps it.
        num_classes: Size of the logits, at least 1; None keeps it.

    Returns:
        The variant at that size.

    Raises:
        ValueError: If a number is out of its range.
    """
    if depth_multiplier is not None:
        if not variant.network.sized_name:
            raise ValueError(
                f"Network '{variant.family}' has no depth multiplier: expected none, found"
                f" {depth_multiplier:g}. Leave out --depth_multiplier."
            )
        if not 0 < depth_multiplier <= MAX_DEPTH_MULTIPLIER:
            raise ValueError(
                f"Depth multiplier {depth_multiplier:g} is out of range: expected a number above 0"
                f" and at most {MAX_DEPTH_MULTIPLIER:g}. Change --depth_multiplier."
            )
        variant = replace(variant, depth_multiplier=depth_multiplier)
    if image_size is not None:
        size = ImageSize(*((image_size,) * 2 if isinstance(image_size, int) else image_size))
        if min(size) < variant.network.min_image_size or max(size) > MAX_IMAGE_SIZE:
            raise ValueError(
                f"Image size {size} is out of range: expected"
                f" {variant.network.min_image_size} to {MAX_IMAGE_SIZE} pixels."
                " Change --image_size."
            )
        variant = replace(variant, image_size=size)
    if num_classes is not None:
        if not 0 < num_classes <= MAX_CLASSES:
            raise ValueError(
                f"Number of classes {num_classes} is out of range: expected 1 to {MAX_CLASSES}."
                " Change --num_classes."
            )
        variant = replace(variant, own_classes=num_classes)
    return variant


@cache
def _shape(variant: Variant, task: Task) -> NetworkShape:
    return _worked_out(variant, task, variant.build)


def _worked_out(variant: Variant, task: Task, build: Build) -> NetworkShape:
    layers = ShapeLayers()
    images = (*variant.image_size, 3)
    end_points = variant.end_points(images, task, layers, build)
    output = end_points.pop("default")
    return NetworkShape(tuple(layers.variables), end_points, output)
