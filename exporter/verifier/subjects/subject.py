"""What the verifier asks of each of the two sides that it compares."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import tensorflow as tf

from exporter.errors import VerificationError
from exporter.verifier.subjects.input_spec import InputSpec

Arrays = dict[str, np.ndarray]
Inputs = Sequence[np.ndarray]
# Values of hyperparameters, by argument, in place of their defaults.
Numbers = Mapping[str, float]
DEFAULTS: Numbers = {}
# By variable name; None where no gradient flows.
Gradients = dict[str, np.ndarray | None]

# The way of calling that everybody has; a model without `__call__` has only signatures.
PLAIN = "__call__"
# The way that shows what the layers compute.
END_POINTS = f"{PLAIN}(return_endpoints=True)"
MOMENTUM = "batch_norm_momentum"
# The name of an output that is a tensor and no dict; of end points, that of the output itself.
BARE, DEFAULT = "", "default"
# Begins the name of a tensor of several that are one output, such as a ragged one.
PART = "part"
# In the names of ops that draw at random, also of those that would draw the same again.
_DRAWING = re.compile(
    "Random|Normal(?!iz)|Multinomial|StatefulUniform|Binomial|CandidateSampler|Distorted"
    "|NonDeterministic"
)


class ModelCallError(VerificationError):
    """A model cannot be called: its own fault where it is judged, an end to all where it judges.

    Attributes:
        said: What TensorFlow says.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class LargeOutputsError(ModelCallError):
    """A call gives so much that memory would be full."""


class StrangeOutputsError(ModelCallError):
    """A call gives what cannot be compared, such as a dataset."""


@dataclass(frozen=True)
class Refusal:
    """Why a way of calling is not run on a made-up value.

    Attributes:
        of: What stands against it: the value, what the call gives, or what it changes.
        said: What was expected, and what was found.
    """

    of: Literal["inputs", "results", "changes"]
    said: str


@dataclass(frozen=True)
class TrainingCall:
    """What one training-mode call did.

    Attributes:
        outputs: By name.
        variables: Variables after the call, by name: all, or of a graph, where no call moves
            others, those that are not trained.
    """

    outputs: Arrays
    variables: Arrays


@dataclass(frozen=True)
class Derivative:
    """What is differentiated by every trainable variable.

    Attributes:
        way: Of calling.
        target: Name of the output, which is `projected` first.
        inputs: One batch.
        training: The mode.
        hyperparameters: Those that are not their defaults, in training mode.
    """

    way: str
    target: str
    inputs: Inputs
    training: bool
    hyperparameters: Mapping[str, float] = field(default_factory=dict)


class Subject(Protocol):
    """A model that can be run, fine-tuned and put back as it was.

    A way of calling is `__call__`, `__call__(return_endpoints=True)` and so on
    for every combination of flags that was traced, or `signature 'serving_default'`.
    """

    @property
    def input_spec(self) -> InputSpec:
        """What the model takes."""

    def spec_of(self, way: str) -> InputSpec:
        """Returns what one way of calling takes."""

    def refusals(self, way: str) -> Mapping[str, Refusal]:
        """Returns why made-up values do not fit a way of calling, by probe."""

    @property
    def ways(self) -> tuple[str, ...]:
        """All ways of calling in inference mode."""

    @property
    def training_ways(self) -> tuple[str, ...]:
        """The ways of calling in training mode."""

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Arguments that are tensors, such as `batch_norm_momentum`, and their defaults."""

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the variables that are listed as trainable."""

    @property
    def flagged(self) -> tuple[str, ...]:
        """Names of the variables that say themselves that they are trainable."""

    def described(self) -> dict[str, str]:
        """Describes what callers rely on: arguments, their defaults, signatures."""

    def variables(self) -> Arrays:
        """Returns all variables by name."""

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables by name."""

    def inference(
        self, ways: Sequence[str], inputs: Inputs, numbers: Numbers = DEFAULTS
    ) -> dict[str, Arrays]:
        """Calls in inference mode, and puts back what changes; returns outputs by way and name."""

    def left(self, way: str) -> Arrays:
        """Returns the variables that the last such call changed, before they were put back."""

    def training(
        self, ways: Sequence[str], inputs: Inputs, hyperparameters: Mapping[str, float]
    ) -> dict[str, TrainingCall]:
        """Calls each way once in training mode, and puts all variables back after each."""

    def draws(self, way: str) -> bool:
        """Says whether a call in training mode may draw at random, as dropout does."""

    def gradients(self, asked: Derivative) -> Gradients:
        """Differentiates, and puts all variables back."""

    def losses(self) -> tuple[Arrays, Gradients]:
        """Returns the regularization losses by index, and the gradients of their sum."""


def is_float(value: np.ndarray) -> bool:
    """Says whether results are floats; numpy has no kind of its own for bfloat16."""
    return value.dtype.kind == "f" or value.dtype.name == "bfloat16"


def is_number(value: Any) -> bool:
    """Says whether the default of a hyperparameter is a Python number."""
    return isinstance(value, bool | int | float)


def others(default: Any) -> tuple[float, ...]:
    """Returns what else than its default a hyperparameter is given, in the same Python type."""
    if isinstance(default, bool):
        return (not default,)
    if not is_number(default):
        return ()
    return tuple(type(default)(value) for value in (0, 1) if value != default)


def projected(output: tf.Tensor) -> tf.Tensor:
    """Makes one number of an output, in a fixed direction in which nothing cancels out.

    Args:
        output: Of a float dtype, any shape.

    Returns:
        Scalar of that dtype: the sum of the products with cos(0), cos(1) and so
        on along the last dimension.
    """
    size = tf.shape(output)[-1] if output.shape.rank else 1
    return tf.reduce_sum(
        output * tf.cast(tf.cos(tf.range(tf.cast(size, tf.float32))), output.dtype)
    )


def draw(nodes: Iterable[Any]) -> bool:
    """Says whether one of some `NodeDef`s draws at random."""
    return any(_DRAWING.search(node.op) for node in nodes)


def flat(outputs: Any) -> Arrays:
    """Turns a tensor, or a nest of tensors, into arrays by name; strings get a fixed width."""
    return arrays(named(outputs))


def arrays(tensors: Mapping[str, Any]) -> Arrays:
    """Turns tensors or variables by name into arrays."""
    return {name: value_of(tensor) for name, tensor in tensors.items()}


def value_of(tensor: Any) -> np.ndarray:
    """Turns a tensor or a variable into an array, which is not to be written to.

    Float32 is not copied: weights are most of what a process holds. A variable that is assigned
    to while somebody has its value gets other memory.
    """
    if isinstance(tensor, tf.Variable):
        tensor = read(tensor)
    if isinstance(tensor, tf.Tensor) and tensor.dtype == tf.float32:
        return np.asarray(memoryview(tensor))
    return as_array(tensor.numpy())


def read(variable: Any) -> Any:
    """Reads a variable, by one op; its own `read_value` runs two, and names them: that is slow."""
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)


def as_array(value: Any) -> np.ndarray:
    """Turns a result into an array; strings get a fixed width."""
    array = np.asarray(value)
    if array.dtype == object:
        return np.array(array.tolist(), dtype=np.bytes_)
    return array


def named(outputs: Any, prefix: str = BARE) -> dict[str, Any]:
    """Names every tensor in a nest by its path, such as `boxes > 0`."""
    if outputs is None:
        return {}
    if isinstance(outputs, Mapping):
        items = dict(outputs)
    elif isinstance(outputs, (list, tuple)):
        items = {str(i): value for i, value in enumerate(outputs)}
    else:
        parts = tf.nest.flatten(outputs, expand_composites=True)
        if parts and parts[0] is outputs:
            return {prefix: outputs}
        items = {f"{PART} {i}": value for i, value in enumerate(parts)}
    found: dict[str, Any] = {}
    for key, value in items.items():
        # No slash: names of end points have some themselves.
        found |= named(value, f"{prefix} > {key}" if prefix else str(key))
    return found


def unequal(one: Arrays, other: Arrays) -> list[str]:
    """Names what the other does not have, or not with the same bits."""
    return [key for key in one if key not in other or not same_bits(one[key], other[key])]


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Says whether arrays are alike to the last bit: NaN equals itself, and 0 is not -0.

    Not by `tobytes`, which copies both: of large weights that takes several times as long.

    Args:
        one: Of numbers, or strings of one width.
        other: The same.
    """
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return False
    return bool((_words(one) == _words(other)).all())


def _words(array: np.ndarray) -> np.ndarray:
    """Shows an array's memory as integers, the widest that fill it."""
    memory = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return memory.view(f"u{math.gcd(memory.size, 8)}")
