"""The original: TF-Slim's graph in a TensorFlow 1 session, with its checkpoint restored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from slim_nets.layers.slim import SlimLayers
from slim_nets.network import Task
from slim_nets.registry import Variant

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Original:
    """A restored graph, ready to run.

    End points have the names of the exported ones, scope included, and the
    output is `default`.

    Attributes:
        feeds: The placeholders `images` and `momentum`.
        outputs: The tensors of all end points in inference.
        training_outputs: The same in training mode.
        updates: The ops that move the moving averages.
    """

    _session: Any
    _unoptimized: Any
    feeds: dict[str, Any]
    outputs: dict[str, Any]
    training_outputs: dict[str, Any]
    updates: list[Any]
    _variables: dict[str, Any]
    _trainable: dict[str, Any]
    _regularization: Any
    _gradients: dict[Any, list[Any]] = field(default_factory=dict)

    @property
    def graph(self) -> tf.Graph:
        """The graph, with the network twice, below `train/` and `predict/`."""
        return self._session.graph

    def inference(self, images: np.ndarray, names: Sequence[str] | None = None) -> Arrays:
        """Returns end points for float32 `[batch, size, size, 3]` in [0, 1].

        Args:
            images: The images.
            names: Which end points, all if None.
        """
        chosen = {name: self.outputs[name] for name in names or self.outputs}
        fetched: Arrays = self._session.run(chosen, {self.feeds["images"]: images})
        return fetched

    def training(self, images: np.ndarray, momentum: float) -> tuple[Arrays, Arrays]:
        """Runs one training-mode call and puts the moving averages back.

        Args:
            images: float32 `[batch, size, size, 3]` in [0, 1].
            momentum: What the moving averages keep of themselves, in [0, 1].

        Returns:
            All end points, and all variables after the call by name.
        """
        before = self.weights()
        feeds = {self.feeds["images"]: images, self.feeds["momentum"]: momentum}
        computed, _ = self._session.run([self.training_outputs, self.updates], feeds)
        after = self.weights()
        self.assign({name: before[name] for name in before.keys() - self._trainable.keys()})
        return computed, after

    def gradients(
        self,
        target: str,
        images: np.ndarray,
        loss: Callable[[Any], Any],
        momentum: float,
        *,
        training: bool,
    ) -> dict[str, np.ndarray | None]:
        """Differentiates a loss of one end point by all trainable variables.

        Args:
            target: The end point.
            images: float32 `[batch, size, size, 3]` in [0, 1].
            loss: Makes a scalar of the end point.
            momentum: Of the moving averages, which stay as they are.
            training: In which mode.

        Returns:
            By variable name, None where the end point does not depend on it.
        """
        end_points = self.training_outputs if training else self.outputs
        feeds = {self.feeds["images"]: images, self.feeds["momentum"]: momentum}
        return self._differentiate((target, training), lambda: loss(end_points[target]), feeds)

    def loss_gradients(self) -> dict[str, np.ndarray | None]:
        """Differentiates the L2 loss by all trainable variables."""
        return self._differentiate("regularization", lambda: self._regularization, {})

    def _differentiate(
        self, key: Any, loss: Callable[[], Any], feeds: dict[Any, Any]
    ) -> dict[str, np.ndarray | None]:
        if key not in self._gradients:
            with self.graph.as_default():
                gradients = tf.gradients(loss(), list(self._trainable.values()))
                self._gradients[key] = [g if g is None else tf.identity(g) for g in gradients]
        flows = dict(zip(self._trainable, self._gradients[key], strict=True))
        tensors = {name: tensor for name, tensor in flows.items() if tensor is not None}
        self._assign(self._unoptimized, self.weights())
        computed: dict[str, np.ndarray | None] = self._unoptimized.run(tensors, feeds)
        return dict.fromkeys(flows) | computed

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables by name."""
        self._assign(self._session, values)

    def _assign(self, session: Any, values: Mapping[str, np.ndarray]) -> None:
        # Initializes them anew, with these in place of the initial values.
        variables = [self._variables[name] for name in values]
        with self.graph.as_default():
            given = {self._variables[n].initial_value: value for n, value in values.items()}
        session.run([variable.initializer for variable in variables], given)

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the trainable variables."""
        return tuple(self._trainable)

    def regularization_loss(self) -> np.ndarray:
        """Returns the float32 scalar L2 loss."""
        return np.asarray(self._session.run(self._regularization))

    def weights(self) -> Arrays:
        """Returns all variables by name."""
        fetched: Arrays = self._session.run(self._variables)
        return fetched


@contextmanager
def restored(
    variant: Variant, task: Task, prefix: str, names: Mapping[str, str]
) -> Iterator[Original]:
    """Builds the graph with tf-slim's layers and restores it with a TF1 saver.

    Source: the published SavedModel, in which one graph holds the network
    twice, first for training and then for prediction, over shared variables.

    Args:
        variant: Which network.
        task: What it ends with.
        prefix: The checkpoint.
        names: For every variable, its name in the checkpoint.

    Yields:
        The original, until its session is closed.
    """
    with tf.Graph().as_default() as graph:
        shape = [None, variant.image_size, variant.image_size, 3]
        images = tf.compat.v1.placeholder(tf.float32, shape, "images")
        momentum = tf.compat.v1.placeholder(tf.float32, [], "batch_norm_momentum")
        with tf.name_scope("train"):
            training = _outputs(variant.end_points(images, task, SlimLayers(momentum)))
            regularization = tf.compat.v1.losses.get_regularization_loss()
        with tf.name_scope("predict"):
            inference = _outputs(variant.end_points(images, task, SlimLayers()))
        variables = {v.op.name: v for v in tf.compat.v1.global_variables()}
        trainable = {v.op.name: v for v in tf.compat.v1.trainable_variables()}
        saver = tf.compat.v1.train.Saver({names[name]: v for name, v in variables.items()})
        updates = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.UPDATE_OPS)
    # Not entered: that would make its graph the default of whatever runs meanwhile.
    with (
        closing(tf.compat.v1.Session(graph=graph)) as session,
        closing(tf.compat.v1.Session(graph=graph, config=_unoptimized())) as unoptimized,
    ):
        with graph.as_default():
            saver.restore(session, prefix)
        yield Original(
            session,
            unoptimized,
            {"images": images, "momentum": momentum},
            inference,
            training,
            updates,
            variables,
            trainable,
            regularization,
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


def _outputs(tensors: dict[str, Any]) -> dict[str, Any]:
    """Gives every end point an `Identity` to be fetched by, as the outputs of a function have.

    TensorFlow's optimizer spares what is fetched. If that were the end points
    themselves, it would merge other products here than in a SavedModel, and on
    feature maps of one pixel the last bit would differ.
    """
    return {name: tf.identity(tensor) for name, tensor in tensors.items()}
