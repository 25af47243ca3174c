"""Reads TF1 checkpoints."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from checkpoints.layout import CheckpointError

# TensorFlow's reader turns its status codes into these: a file that ends early, for
# example, is an IndexError.
_UNREADABLE = (tf.errors.OpError, RuntimeError, ValueError, LookupError, TypeError, OSError)


@dataclass(frozen=True)
class StoredTensor:
    """What a checkpoint says of a tensor.

    Attributes:
        shape: Its shape.
        dtype: Name of its type, such as `float32`.
    """

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Checkpoint:
    """An open checkpoint.

    Attributes:
        prefix: Where it lies.
        tensors: What it holds, by name.
    """

    prefix: Path
    tensors: dict[str, StoredTensor]
    _reader: Any

    def read(self, name: str) -> np.ndarray:
        """Reads a tensor.

        Raises:
            CheckpointError: If its bytes are missing or fail their checksum.
        """
        try:
            value: np.ndarray = self._reader.get_tensor(name)
        except _UNREADABLE as error:
            raise _unreadable(self.prefix, error) from error
        return value


def open_checkpoint(prefix: Path) -> Checkpoint:
    """Opens a checkpoint and reads its index.

    Args:
        prefix: Where it lies, without `.index`; of one that is one file, that file.

    Returns:
        The open checkpoint.

    Raises:
        CheckpointError: If the index is not one.
    """
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        shapes = reader.get_variable_to_shape_map()
        dtypes = reader.get_variable_to_dtype_map()
    except _UNREADABLE as error:
        raise _unreadable(prefix, error) from error
    tensors = {name: StoredTensor(tuple(shapes[name]), dtypes[name].name) for name in shapes}
    return Checkpoint(prefix, tensors, reader)


def _unreadable(prefix: Path, error: Exception) -> CheckpointError:
    reason = str(getattr(error, "message", error)).splitlines()[0]
    return CheckpointError(
        f"Checkpoint '{prefix}' cannot be read: {reason}. Fetch or copy it again."
    )
