"""Kinds of tensors that models take, and what is made up for them."""

from typing import Any

import numpy as np
import tensorflow as tf

from exporter.verifier.subjects.probes import FAR, PROBES, shift

_WORDS = (b"", b"a", b"hub", b"\xff\x00", b"0", b"network", b" ")
# What dense arrays can be made into, and how it is told from those.
_KINDS = ((tf.TensorSpec, ""), (tf.RaggedTensorSpec, "ragged "), (tf.SparseTensorSpec, "sparse "))


def is_known(spec: Any) -> bool:
    """Returns whether values can be made for an input."""
    known = isinstance(spec, tuple(made for made, _ in _KINDS))
    return known and spec.dtype not in (tf.resource, tf.variant)


def is_alike(one: Any, other: Any) -> bool:
    """Returns whether what fits the other input fits this one too."""
    if not (is_known(one) and is_known(other)):
        return bool(one == other)
    shapes = one.shape.is_compatible_with(other.shape)
    return bool(shapes and kind(one) == kind(other) and one.dtype == other.dtype)


def shape_of(spec: Any) -> tf.TensorShape:
    """Returns an input's shape, of which nothing is known if it is no tensor."""
    return spec.shape if is_known(spec) else tf.TensorShape(None)


def kind(spec: Any) -> str:
    """Says how an input that is known is told from dense tensors; empty for those."""
    return next(name for made, name in _KINDS if isinstance(spec, made))


def described(spec: Any) -> str:
    """Describes an input, such as "ragged float32 (None, None)"."""
    if not is_known(spec):
        return type(spec).__name__
    return f"{kind(spec)}{tf.as_dtype(spec.dtype).name} {spec.shape}"


def freedom(structure: Any) -> int:
    """Counts the free dimensions of a nest of specs."""
    specs = [spec for spec in tf.nest.flatten(structure) if isinstance(spec, tf.TensorSpec)]
    return sum(list(spec.shape).count(None) for spec in specs if spec.shape.rank is not None)


def is_image(spec: Any) -> bool:
    """Returns whether an input is a batch of RGB images."""
    if not isinstance(spec, tf.TensorSpec):
        return False
    return bool(spec.dtype == tf.float32 and spec.shape.rank == 4 and spec.shape[3] == 3)


def is_whole(spec: Any) -> bool:
    """Returns whether an input takes whole numbers, of which many are ids that a model looks up."""
    return bool(is_known(spec) and spec.dtype.is_integer)


def probe(
    spec: Any, shape: list[int], name: str, place: int, *, zero_or_one: bool = False
) -> np.ndarray:
    """Makes up one example for an input.

    Args:
        spec: What it takes.
        shape: Of the example.
        name: Of a probe.
        place: Of the input among all of a model, by name.
        zero_or_one: Whether whole numbers are 0 and 1 alone, also in probes that reach further.
    """
    if spec.dtype.is_floating or spec.dtype.is_complex:
        values = PROBES[name](shape, place)
        if spec.dtype.is_complex:
            # Another part, or a model that conjugates is not seen.
            values = values + 1j * PROBES[name](shape, place + 1)
        return np.asarray(values, spec.dtype.as_numpy_dtype)
    if is_whole(spec) and name in FAR and not zero_or_one:
        far = np.clip(np.floor(PROBES[name](shape, place)), spec.dtype.min, spec.dtype.max)
        return np.asarray(far).astype(spec.dtype.as_numpy_dtype)
    values = PROBES[name](shape, 0)
    if spec.dtype == tf.string:
        index = ((7 * values).astype(np.int64) + shift(name, place)) % len(_WORDS)
        return np.array([_WORDS[i] for i in index.ravel()], object).reshape(shape)
    # Few vocabularies and lookup tables have less than two entries.
    whole = (np.floor(2 * np.abs(values)) + shift(name, place)) % 2
    return np.asarray(whole).astype(spec.dtype.as_numpy_dtype)


def holds(spec: Any, column: np.ndarray) -> bool:
    """Returns whether an array's rows are examples of an input: of its shape, and its values.

    Args:
        spec: What the input takes, a known kind.
        column: All examples.
    """
    shape = spec.shape[1:] if spec.shape.rank else spec.shape
    if not shape.is_compatible_with(column.shape[1:]):
        return False
    if spec.dtype == tf.string:
        return column.dtype.kind in "SU"
    if column.dtype.kind not in ("biufc" if spec.dtype.is_complex else "biuf"):
        return False
    if spec.dtype.is_floating or spec.dtype.is_complex:
        return True
    # Neither a fraction nor a number beyond the dtype's is to become another.
    with np.errstate(invalid="ignore"):
        return bool(np.array_equal(column, column.astype(spec.dtype.as_numpy_dtype)))


def numpy_dtype(spec: Any) -> Any:
    """Returns the dtype of an input's arrays; strings are objects, which keep every byte."""
    return object if spec.dtype == tf.string else spec.dtype.as_numpy_dtype


def tensor(spec: Any, value: np.ndarray) -> Any:
    """Makes a tensor of an array, as an input takes it: dense, ragged or sparse."""
    if isinstance(spec, tf.SparseTensorSpec):
        return tf.sparse.from_dense(value)
    if not isinstance(spec, tf.RaggedTensorSpec):
        return tf.constant(value)
    splits = spec.row_splits_dtype
    lengths = None
    if spec.ragged_rank == 1:
        # Every other row is half as long: a model may not take rows of one length for granted.
        size = value.shape[1]
        lengths = tf.constant(np.resize([size, size - size // 2], len(value)), splits)
    rank = spec.ragged_rank
    return tf.RaggedTensor.from_tensor(value, lengths, ragged_rank=rank, row_splits_dtype=splits)
