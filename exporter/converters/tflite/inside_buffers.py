"""Writes TFLite files with every buffer inside the flatbuffer.

AI Edge Quantizer puts large buffers behind it, as files of more than 2 GB need them.
Interpreters before TensorFlow 2.13 look for them inside alone, and find no data.
"""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

# Kernels read constants in place, and the format's schema promises them so many bytes.
_ALIGNMENT = 16


class _Aligned:
    """A buffer whose data begin where kernels want them; the generated code forgets that."""

    def __init__(self, data: Any) -> None:
        self._buffer = schema.BufferT(None if data is None else np.frombuffer(data, np.uint8))

    def Pack(self, builder: Any) -> Any:  # noqa: N802  (the generated code's name)
        """Writes it."""
        if self._buffer.data is not None:
            builder.Prep(_ALIGNMENT, len(self._buffer.data))
        return self._buffer.Pack(builder)


def with_buffers_inside(model: bytes) -> bytes:
    """Moves what lies behind the flatbuffer into it.

    Args:
        model: A file's bytes.

    Returns:
        Another file's, which computes the same; the same bytes if nothing lies behind.
    """
    root = schema.Model.GetRootAs(model, 0)
    if not any(root.Buffers(place).Offset() for place in range(root.BuffersLength())):
        return model
    return packed(unpacked(model))


def unpacked(model: bytes) -> Any:
    """Reads a file.

    Args:
        model: Its bytes.

    Returns:
        A `ModelT`, which holds the data of its buffers wherever they lay.
    """
    return flatbuffer_utils.read_model_from_bytearray(bytearray(model))


def packed(model: Any) -> bytes:
    """Writes a file with all buffers inside.

    Args:
        model: A `ModelT`, changed in place.

    Returns:
        The file's bytes.
    """
    model.buffers = [_Aligned(buffer.data) for buffer in model.buffers]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
