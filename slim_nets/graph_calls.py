"""Calls a graph-mode function with TF-Slim's convention, in one mode."""

import inspect
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from slim_nets.graph_network import GraphFunction
from slim_nets.layers import _legacy_layers
from slim_nets.network import Built, NetworkError, Task
from slim_nets.networks import USUAL_CLASSES, USUAL_SIZE
from slim_nets.original_network import compared_by_identity
from slim_nets.own_code import blamed, loaded

_legacy_layers.install()

import tf_slim as slim  # noqa: E402  (the shim has to be there first)

_LISTED = 5


def usual_size(function: GraphFunction) -> int:
    """Returns the function's `default_image_size`, in pixels, as TF-Slim's have it; else the usual.

    Raises:
        NetworkError: If the function cannot be had, or says another thing than a number.
    """
    build = loaded(function.function, "--network")
    found = getattr(build, "default_image_size", USUAL_SIZE)
    try:
        return operator.index(found)
    except TypeError as error:
        raise NetworkError(
            f"Network '{function.function}' has a default_image_size that is none: expected a"
            f" number of pixels, found {found!r:.60}. Correct it, or give --image_size."
        ) from error


def usual_classes(function: GraphFunction) -> int:
    """Returns how many classes the function has when it is not told; the usual if it does not say.

    Raises:
        NetworkError: If the function cannot be had.
    """
    parameter = _parameters(loaded(function.function, "--network")).get("num_classes")
    found = parameter.default if parameter else None
    return found if isinstance(found, int) and found > 0 else USUAL_CLASSES


@dataclass(frozen=True)
class GraphCalls:
    """A function that is called for one task.

    Attributes:
        function: Which, and how.
        task: What its network ends with.
        input_size: Height and width of the images in pixels; None for any.
        num_classes: Size of the logits, also where they are not what is wanted.
    """

    function: GraphFunction
    task: Task
    input_size: tuple[int | None, int | None]
    num_classes: int

    def __call__(self, images: Any, *, training: bool) -> Built[Any]:
        """Builds the network in the current graph, with the variables that are there already.

        Args:
            images: float32 `[batch, height, width, 3]` in [0, 1].
            training: The mode.

        Returns:
            Features or logits, float32 `[batch, n]`, and end points by the function's own names.

        Raises:
            NetworkError: If the function cannot be had, fails, or breaks the convention.
        """
        build = loaded(self.function.function, "--network")
        low, high = self.function.input_range
        rescaled = images * (high - low) - -low
        mode = "for training" if training else "for prediction"
        sizes = images.shape[1:3].as_list()
        shape = "any size" if None in sizes else f"{sizes[0]}x{sizes[1]} pixels"
        with (
            _silent_layers(),
            # Counts scopes anew, so that those without a name get the same one in both modes.
            tf.compat.v1.variable_scope(
                tf.compat.v1.get_variable_scope(),
                reuse=tf.compat.v1.AUTO_REUSE,
                auxiliary_name_scope=False,
            ),
            self._scope(training=training),
            _mode_of_layers(build, training=training),
            compared_by_identity(),  # last: a module that is imported has all of TensorFlow 2 on
        ):
            arguments = self._arguments(build, training=training)
            what = (
                f"Network '{self.function.function}' fails when it is built {mode} with"
                f" {_told(arguments)}: expected (net, end_points) for images of {shape}"
            )
            with blamed(what, _advice(arguments)):
                returned = build(rescaled, **arguments)
            net, end_points = self._checked(returned)
            return Built(self._output(net, end_points), end_points)

    def _arguments(self, build: Callable[..., Any], *, training: bool) -> dict[str, Any]:
        """Returns what the function is told, of what it can be told."""
        features = self.task == "feature_vector"
        wanted = self.num_classes if not features or self.function.features else None
        told: dict[str, Any] = {"num_classes": wanted, "is_training": training}
        if features or self.function.any_size:
            told["global_pool"] = True
        # Another head for training is none of what is exported.
        told["create_aux_logits"] = False
        named = _parameters(build)
        usual = {"num_classes", "is_training"} if _takes_any(named) else set()
        return {name: value for name, value in told.items() if name in named.keys() | usual}

    def _scope(self, *, training: bool) -> AbstractContextManager[Any]:
        """Returns the scope of the layers' arguments, to be entered."""
        if not self.function.arg_scope:
            return nullcontext()
        make = loaded(self.function.arg_scope, "--arg_scope")
        arguments = {"is_training": training} if "is_training" in _parameters(make) else {}
        what = f"Scope '{self.function.arg_scope}' fails: expected what slim.arg_scope takes"
        with blamed(what):
            scope = make(**arguments)
        if not isinstance(scope, Mapping):
            raise NetworkError(
                f"Scope '{self.function.arg_scope}' is not a scope: expected a dict, as 'with"
                f" slim.arg_scope(...) as scope' gives it, found {_kind(scope)}. Mend the function."
            )
        return slim.arg_scope(scope)  # type: ignore[no-any-return]

    def _checked(self, returned: Any) -> tuple[Any, dict[str, Any]]:
        pair = returned if isinstance(returned, tuple | list) and len(returned) == 2 else (None, 0)
        if not isinstance(pair[0], tf.Tensor) or not isinstance(pair[1], Mapping):
            raise NetworkError(
                f"Network '{self.function.function}' returns no pair: expected (net, end_points), a"
                f" tensor and a dict, found {_kind(returned)}. Mend the function, or write one"
                " around it."
            )
        if getattr(pair[0], "graph", None) is not tf.compat.v1.get_default_graph():
            raise NetworkError(
                f"Network '{self.function.function}' returns a tensor of another graph: expected"
                " one of the default graph, in which its images are, found its own. Mend the"
                " function."
            )
        return pair[0], dict(pair[1])

    def _output(self, net: Any, end_points: Mapping[str, Any]) -> Any:
        if self.task == "classification":
            return self._flat(net, "logits [batch, classes]")
        if self.function.features:
            net = self._end_point(end_points)
        if net.shape.rank == 4 and net.shape[1:3].as_list() != [1, 1]:
            with tf.name_scope("feature_vector"):
                return self._flat(tf.reduce_mean(net, [1, 2], keepdims=True), "features")
        return self._flat(net, "features [batch, n] or a feature map [batch, height, width, n]")

    def _end_point(self, end_points: Mapping[str, Any]) -> Any:
        wanted = self.function.features
        ends = [name for name in end_points if str(name).endswith(f"/{wanted}")]
        found = end_points.get(wanted, end_points[ends[0]] if len(ends) == 1 else None)
        if isinstance(found, tf.Tensor):
            return found
        names = list(map(str, end_points))[-_LISTED:]
        raise NetworkError(
            f"Network '{self.function.function}' has no end point '{wanted}': expected one of its"
            f" {len(end_points)}, the last of which are {', '.join(names) or 'none'}. Change"
            " --features."
        )

    def _flat(self, net: Any, expected: str) -> Any:
        """Removes height and width of one pixel."""
        if net.shape.rank == 4 and net.shape[1:3].as_list() == [1, 1]:
            with tf.name_scope(self.task):
                net = tf.squeeze(net, [1, 2], name="SpatialSqueeze")
        if net.shape.rank != 2 or net.shape[1] is None or net.dtype != tf.float32:
            raise NetworkError(
                f"Network '{self.function.function}' returns something else than a"
                f" {self.task}: expected float32 {expected}, found {_kind(net)}. Mend the function,"
                " or check --task, --image_size and --features."
            )
        return net


@contextmanager
def _silent_layers() -> Iterator[None]:
    """Ignores that TensorFlow calls the layers deprecated that tf-slim is made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}


def _takes_any(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _mode_of_layers(build: Callable[..., Any], *, training: bool) -> AbstractContextManager[Any]:
    """Tells the layers the mode, where the function cannot be told."""
    parameters = _parameters(build)
    if "is_training" in parameters or _takes_any(parameters):
        return nullcontext()
    return slim.arg_scope(  # type: ignore[no-any-return]
        [slim.batch_norm, slim.dropout], is_training=training
    )


def _advice(arguments: Mapping[str, Any]) -> str:
    if arguments.get("num_classes", 0) is not None:
        return "Mend the function."
    return (
        "Mend the function, or use --features=END_POINT, which builds it with classes and takes"
        " the features from an end point."
    )


def _told(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items()) or "images alone"


def _kind(value: Any) -> str:
    if isinstance(value, tf.Tensor):
        return f"{value.dtype.name} {value.shape}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
