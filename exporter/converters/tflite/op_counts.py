"""Counts in which numbers the ops of a TFLite file compute, as the file itself has them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from exporter.converters.tflite.inside_buffers import unpacked
from exporter.verifier.report.arithmetic import OpCounts

_INT8 = frozenset({schema.TensorType.INT8})
_FLOAT = frozenset({schema.TensorType.FLOAT32, schema.TensorType.FLOAT16})
# Numbers of another kind come in, or weights that are stored so: this is no computing.
_CONVERTING = frozenset({schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE})


def op_counts(target: Path) -> OpCounts:
    """Counts the ops of a file.

    An op computes in int8 if everything that it is given beside constants is int8, and what it
    gives too: one with int8 weights and float activations computes in float here, even where its
    kernel rounds those to int8 on its way. What is neither converts numbers, or computes sizes
    and indices.

    Args:
        target: The file.
    """
    model = unpacked(target.read_bytes())
    ops = [(graph, op) for graph in model.subgraphs for op in graph.operators]
    kinds = [_kind(model, graph, op) for graph, op in ops]
    return OpCounts(int8=kinds.count(_INT8), float32=kinds.count(_FLOAT), total=len(kinds))


def _kind(model: Any, graph: Any, op: Any) -> frozenset[int] | None:
    """Returns in which numbers an op computes; None for neither."""
    if model.operatorCodes[op.opcodeIndex].builtinCode in _CONVERTING:
        return None
    given = _types(graph, (i for i in op.inputs if i >= 0 and not _is_constant(model, graph, i)))
    made = _types(graph, op.outputs)
    for kind, other in ((_INT8, _FLOAT), (_FLOAT, _INT8)):
        if made and made <= kind and not given & other:
            return kind
    return None


def _types(graph: Any, places: Iterable[int]) -> frozenset[int]:
    return frozenset(graph.tensors[place].type for place in places)


def _is_constant(model: Any, graph: Any, place: int) -> bool:
    data = model.buffers[graph.tensors[place].buffer].data
    return data is not None and len(data) > 0
