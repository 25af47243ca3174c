"""What loaders and users ask a graph for by name: all that is ever run of it, but for its saver."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError

# Savers in it are made anew by whoever trains on, who then gives their paths.
_SAVERS = "savers"


def roots(meta_graph: Any) -> Iterator[tuple[str, str]]:
    """Finds the nodes at which running a graph begins.

    Args:
        meta_graph: The meta graph.

    Yields:
        Who asks, and the name of the tensor or node; which need not be there.
    """
    for key, signature in meta_graph.signature_def.items():
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            yield from ((f"signature '{key}'", name) for name in _tensors(info))
    for key, collection in meta_graph.collection_def.items():
        names = list(collection.node_list.value)
        for value in collection.bytes_list.value if key != _SAVERS else ():
            names += _of_variable(value)
        yield from ((f"collection '{key}'", name) for name in names if name)


def _tensors(info: Any) -> Iterator[str]:
    """Yields the tensors of a TensorInfo: one, or the parts of a sparse or composite one."""
    sparse = info.coo_sparse
    yield from (info.name, sparse.values_tensor_name, sparse.indices_tensor_name)
    yield sparse.dense_shape_tensor_name
    for part in info.composite_tensor.components:
        yield from _tensors(part)


def _of_variable(value: bytes) -> list[str]:
    """Names what TensorFlow 1 runs of a variable: a loader initializes those that are local."""
    from tensorflow.core.framework.variable_pb2 import VariableDef

    try:
        found = VariableDef.FromString(value)
    except DecodeError:
        return []  # of a loop, or anything else that says nothing of variables
    return [
        *(found.variable_name, found.initial_value_name),
        *(found.initializer_name, found.snapshot_name),
    ]
