"""The original: TF-Slim's graph in a TensorFlow 1 session, with its checkpoint restored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.protobufs import closure, inputs_of
from exporter.reusable import OUTPUT_NAMES
from exporter.signatures import BATCH_NORM_MOMENTUM, SERVING, way_of
from exporter.trace import image_spec
from exporter.verifier.subjects.image_sizes import tried_sizes
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.subject import (
    BARE,
    DEFAULT,
    DEFAULTS,
    END_POINTS,
    MOMENTUM,
    PLAIN,
    Arrays,
    Derivative,
    Gradients,
    Inputs,
    Numbers,
    Refusal,
    TrainingCall,
    draw,
    projected,
)
from slim_nets.network import Task
from slim_nets.registry import Variant

SERVED = way_of(SERVING)


@dataclass(frozen=True)
class GraphSubject:
    """A restored graph behind the `Subject` protocol, called as the published models are.

    End points have the names of the exported ones, scope included, and the
    output is `default`.

    Attributes:
        variant: Which network.
        task: What it ends with.
        images: The placeholder of the images.
        momentum: The placeholder of what the moving averages keep of themselves.
        outputs: The tensors of all end points in inference.
        training_outputs: The same in training mode.
        updates: The ops that move the moving averages.
    """

    variant: Variant
    task: Task
    images: Any
    momentum: Any
    outputs: dict[str, Any]
    training_outputs: dict[str, Any]
    updates: list[Any]
    _session: Any
    _unoptimized: Any
    _variables: dict[str, Any]
    _trainable: dict[str, Any]
    _regularization: Any
    _gradients: dict[Any, list[Any]] = field(default_factory=dict)

    @property
    def graph(self) -> tf.Graph:
        """The graph, with the network twice, below `train/` and `predict/`."""
        return self._session.graph

    @property
    def input_spec(self) -> InputSpec:
        """What it takes: float32 `[batch, height, width, 3]` in [0, 1]."""
        return InputSpec((image_spec(self.variant),), tried_sizes(self.variant))

    def spec_of(self, way: str) -> InputSpec:  # noqa: ARG002  (all ways take the same)
        """Returns what every way of calling takes."""
        return self.input_spec

    def refusals(self, way: str) -> Mapping[str, Refusal]:  # noqa: ARG002  (it takes any image)
        """Returns nothing: images can be made up."""
        return {}

    def left(self, way: str) -> Arrays:  # noqa: ARG002  (none changes any)
        """Returns nothing: inference changes no variable."""
        return {}

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of calling that a published model has."""
        return (PLAIN, END_POINTS, SERVED)

    @property
    def training_ways(self) -> tuple[str, ...]:
        """The same in training mode."""
        return (PLAIN, END_POINTS)

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The momentum and its published default."""
        return {MOMENTUM: BATCH_NORM_MOMENTUM}

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the trainable variables."""
        return tuple(self._trainable)

    # A graph has one list of them.
    flagged = trainable

    def described(self) -> dict[str, str]:
        """Describes what a published model has; any default of the momentum will do."""
        (spec,) = self.input_spec.specs
        length = self.outputs[DEFAULT].shape[-1]
        return {
            "arguments": "(inputs, training=False, return_endpoints=False, batch_norm_momentum)",
            SERVED: f"inputs float32 {spec.shape} -> {OUTPUT_NAMES[self.task]} float32"
            f" (None, {length})",
        }

    def variables(self) -> Arrays:
        """Returns all variables by name."""
        fetched: Arrays = self._session.run(self._variables)
        return fetched

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables by name."""
        self._assign(self._session, values)

    def _assign(self, session: Any, values: Mapping[str, np.ndarray]) -> None:
        # Initializes them anew, with these in place of the initial values.
        variables = [self._variables[name] for name in values]
        with self.graph.as_default():
            given = {self._variables[n].initial_value: value for n, value in values.items()}
        session.run([variable.initializer for variable in variables], given)

    def inference(
        self,
        ways: Sequence[str],
        inputs: Inputs,
        numbers: Numbers = DEFAULTS,  # noqa: ARG002  (the momentum changes nothing)
    ) -> dict[str, Arrays]:
        """Runs the graph once for all ways."""
        chosen = self.outputs if END_POINTS in ways else {DEFAULT: self.outputs[DEFAULT]}
        end_points = self._session.run(chosen, {self.images: inputs[0]})
        return {way: self._as(way, end_points) for way in ways}

    def training(
        self, ways: Sequence[str], inputs: Inputs, hyperparameters: Mapping[str, float]
    ) -> dict[str, TrainingCall]:
        """Runs the graph once for all ways, with its updates, and puts the averages back."""
        moved = {n: v for n, v in self._variables.items() if n not in self._trainable}
        before = self._session.run(moved)
        feeds = self._feeds(inputs, hyperparameters)
        end_points, _ = self._session.run([self.training_outputs, self.updates], feeds)
        after = self._session.run(moved)
        self.assign(before)
        return {way: TrainingCall(self._as(way, end_points), after) for way in ways}

    def draws(self, way: str) -> bool:  # noqa: ARG002  (all are of one graph)
        """Says whether what is computed in training mode depends on random numbers."""
        nodes = self.graph.as_graph_def().node
        outputs = [tensor.op.name for tensor in self.training_outputs.values()]
        reached = closure(outputs, inputs_of(nodes))
        return draw(node for node in nodes if node.name in reached)

    def gradients(self, asked: Derivative) -> Gradients:
        """Differentiates with `tf.gradients`."""
        name = asked.target if asked.way == END_POINTS else DEFAULT
        end_point = (self.training_outputs if asked.training else self.outputs)[name]
        feeds = self._feeds(asked.inputs, asked.hyperparameters)
        return self._differentiate((name, asked.training), lambda: projected(end_point), feeds)

    def losses(self) -> tuple[Arrays, Gradients]:
        """Returns the one regularization loss, a float32 scalar, and its gradients."""
        loss = np.asarray(self._session.run(self._regularization))
        gradients = self._differentiate("regularization", lambda: self._regularization, {})
        return {"0": loss}, gradients

    def _differentiate(self, key: Any, loss: Callable[[], Any], feeds: dict[Any, Any]) -> Gradients:
        if key not in self._gradients:
            with self.graph.as_default():
                gradients = tf.gradients(loss(), list(self._trainable.values()))
                self._gradients[key] = [g if g is None else tf.identity(g) for g in gradients]
        flows = dict(zip(self._trainable, self._gradients[key], strict=True))
        tensors = {name: tensor for name, tensor in flows.items() if tensor is not None}
        self._assign(self._unoptimized, self.variables())
        computed: Gradients = self._unoptimized.run(tensors, feeds)
        return dict.fromkeys(flows) | computed

    def _feeds(self, inputs: Inputs, hyperparameters: Mapping[str, float]) -> dict[Any, Any]:
        numbers = {**self.hyperparameters, **hyperparameters}
        return {self.images: inputs[0], self.momentum: float(numbers[MOMENTUM])}

    def _as(self, way: str, end_points: Arrays) -> Arrays:
        """Returns what a published model returns that way, end points in the network's order."""
        output = end_points[DEFAULT]
        if way == PLAIN:
            return {BARE: output}
        if way == SERVED:
            return {OUTPUT_NAMES[self.task]: output}
        # The output comes last in the network.
        return {k: v for k, v in end_points.items() if k != DEFAULT} | {DEFAULT: output}


@contextmanager
def restored(
    variant: Variant, task: Task, prefix: str, names: Mapping[str, str]
) -> Iterator[GraphSubject]:
    """Builds the graph with tf-slim's layers and restores it with a TF1 saver.

    Args:
        variant: Which network.
        task: What it ends with.
        prefix: The checkpoint.
        names: For every variable, its name in the checkpoint.

    Yields:
        The original, until its session is closed.
    """
    # With tf-slim and Keras 2, which take half a second to import: SavedModels need neither.
    from slim_nets.original import original

    network = original(variant, task)
    graph, variables = network.graph, network.variables
    with graph.as_default():
        saver = tf.compat.v1.train.Saver({names[name]: v for name, v in variables.items()})
    # Not entered: that would make its graph the default of whatever runs meanwhile.
    with (
        closing(tf.compat.v1.Session(graph=graph)) as session,
        closing(tf.compat.v1.Session(graph=graph, config=_unoptimized())) as unoptimized,
    ):
        with graph.as_default():
            saver.restore(session, prefix)
        yield GraphSubject(
            variant,
            task,
            network.images,
            network.momentum,
            network.inference,
            network.training,
            network.updates,
            session,
            unoptimized,
            variables,
            network.trainable,
            network.regularization,
        )


def _unoptimized() -> Any:
    """Configures a session for gradients, which runs the graph as it is written.

    In a SavedModel, the forward pass and the backward pass are two functions,
    and TensorFlow's optimizer cannot merge what lies in both. Here it could,
    and the last bits would differ.
    """
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config
