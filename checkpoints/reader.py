"""Reads TF1 checkpoints."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from checkpoints.bundle_index import BundleIndex, StoredTensor, read_index, unreadable
from checkpoints.layout import CheckpointError

__all__ = ["Checkpoint", "CheckpointError", "StoredTensor", "open_checkpoint"]

# Of one tensor; a GraphDef that is to hold its values has at most this.
MAX_TENSOR = 1 << 31
# Of one string in memory, without its characters.
_STRING = 24
# TensorFlow's reader turns its status codes into these: a file that ends early, for
# example, is an IndexError.
_UNREADABLE = (tf.errors.OpError, RuntimeError, ValueError, LookupError, TypeError, OSError)


@dataclass(frozen=True)
class Checkpoint:
    """An open checkpoint.

    Attributes:
        prefix: Where it lies.
        tensors: What it holds, by name; partitioned variables are whole ones here.
    """

    prefix: Path
    tensors: dict[str, StoredTensor]
    _index: BundleIndex | None
    _reader: Any

    def read(self, name: str) -> np.ndarray:
        """Reads a tensor; a partitioned variable is put together.

        Raises:
            CheckpointError: If its bytes are missing or fail their checksum, or are too many.
        """
        stored = self.tensors[name]
        each = _STRING if stored.dtype == tf.string.name else tf.as_dtype(stored.dtype).size
        size = math.prod(stored.shape) * each
        if size > MAX_TENSOR:
            expected = f"expected at most {MAX_TENSOR} bytes in '{name}', found {size}"
            raise unreadable(self.prefix, expected)
        if self._index is not None:
            self._index.check_values(name)
        try:
            # A copy: as long as a part of what TensorFlow reads into is kept, all of it is.
            value = np.array(self._reader.get_tensor(name))
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
    # A checkpoint that is one file has none.
    index = read_index(prefix) if Path(f"{prefix}.index").is_file() else None
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        found = _tensors(reader)
    except _UNREADABLE as error:
        raise _unreadable(prefix, error) from error
    if index is None:
        return Checkpoint(prefix, found, None, reader)
    if lost := sorted(index.tensors.keys() - found.keys()):
        # It goes no further than a block whose checksum is wrong, and says nothing of it.
        why = f"expected checksums that fit, found blocks of the index that fail, with '{lost[0]}'"
        raise unreadable(prefix, why)
    return Checkpoint(prefix, index.tensors, index, reader)


def _tensors(reader: Any) -> dict[str, StoredTensor]:
    """Returns what TensorFlow's reader finds, by name."""
    dtypes = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    return {name: StoredTensor(tuple(shapes[name]), dtypes[name].name) for name in shapes}


def _unreadable(prefix: Path, error: Exception) -> CheckpointError:
    said = str(getattr(error, "message", error)).splitlines() or [type(error).__name__]
    return unreadable(prefix, said[0])
