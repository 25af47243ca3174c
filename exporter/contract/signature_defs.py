"""Reads the signatures, which is all that servers know of a model."""

from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

import tensorflow as tf

from exporter.contract.bodies import Running, reached
from exporter.contract.form import Signature, SignatureTensor
from exporter.contract.values import dtype_of, shape_of
from exporter.protobufs import assigns, op_of

# What runs when the model is loaded; no one calls it by name.
INIT_OP = "__saved_model_init_op"


def signatures_of(meta_graph: Any, attributes: Collection[str]) -> dict[str, Signature]:
    """Reads all signatures but the one that initializes.

    Args:
        meta_graph: Where they stand.
        attributes: Names of those that the object has, too.

    Raises:
        LookupError: If one names a tensor that the graph does not have.
    """
    nodes = {node.name for node in meta_graph.graph_def.node}
    for tensor in tensors_of(meta_graph.signature_def, inputs=True):
        if op_of(tensor) not in nodes:
            raise LookupError(f"tensor '{tensor}' of a signature is missing")
    return {
        name: Signature(
            method_name=signature.method_name,
            inputs={
                key: _tensor(info, signature.defaults.get(key))
                for key, info in sorted(signature.inputs.items())
            },
            outputs={key: _tensor(info, None) for key, info in sorted(signature.outputs.items())},
            updates=_updates(meta_graph.graph_def, tensors_of({name: signature})),
            attribute=name in attributes,
        )
        for name, signature in sorted(meta_graph.signature_def.items())
        if name != INIT_OP
    }


def tensors_of(signatures: Mapping[str, Any], *, inputs: bool = False) -> list[str]:
    """Lists the tensors that SignatureDefs compute, by name in the graph.

    Args:
        signatures: By name.
        inputs: Whether to list those that they take, too.
    """
    return [
        part
        for name, signature in signatures.items()
        if name != INIT_OP
        for info in (*signature.outputs.values(), *(signature.inputs.values() if inputs else ()))
        for part in _names(info)
    ]


def _updates(graph: Any, tensors: list[str]) -> bool:
    """Says whether an op that assigns a variable stands on the way to tensors."""
    own, called = reached(graph, Running(tensors))
    nodes = (node for node in graph.node if node.name in own)
    inside = (f.node_def for f in graph.library.function if f.signature.name in called)
    return any(assigns(node.op) for node in chain(nodes, *inside))


def _tensor(info: Any, default: Any) -> SignatureTensor:
    kinds = {"coo_sparse": "sparse ", "composite_tensor": "composite "}
    encoding = kinds.get(info.WhichOneof("encoding"), "")
    return SignatureTensor(
        dtype=encoding + dtype_of(info.dtype),
        shape=shape_of(info.tensor_shape),
        tensor=", ".join(_names(info)),
        default=None if default is None else repr(tf.make_ndarray(default).tolist()),
    )


def _names(info: Any) -> list[str]:
    if info.HasField("coo_sparse"):
        parts = ("values", "indices", "dense_shape")
        return [getattr(info.coo_sparse, f"{part}_tensor_name") for part in parts]
    if info.HasField("composite_tensor"):
        return [name for part in info.composite_tensor.components for name in _names(part)]
    return [info.name]
