"""Lists the ops of a model, by what uses them."""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from exporter.contract.graph import reached
from exporter.contract.record import Op, OpKind, Place
from exporter.contract.rules import SAVER_OPS
from exporter.protobufs import functions_of

# Stateful by name only: they hold the model's variables, or call its functions.
_STATE_OF_THE_MODEL = frozenset(
    {
        *("VarHandleOp", "ReadVariableOp", "VarIsInitializedOp", "DestroyResourceOp"),
        *("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "ResourceGather"),
        *("StatefulPartitionedCall", "If", "While", "Case", "Assert", "DisableCopyOnRead"),
    }
)
# They reach files, a Python interpreter or another machine.
_OUTSIDE = frozenset(
    {
        *("ReadFile", "WriteFile", "MatchingFiles", "Save", "SaveV2", "SaveSlices", "Restore"),
        *("RestoreV2", "RestoreSlice", "MergeV2Checkpoints", "PyFunc", "PyFuncStateless"),
        *("EagerPyFunc", "NumpyFunc", "WholeFileReader", "WholeFileReaderV2", "TextLineReader"),
        *("TextLineReaderV2", "TFRecordReader", "TFRecordReaderV2", "TextLineDataset"),
        *("TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset", "SaveDataset"),
        *("FixedLengthRecordDatasetV2", "FixedLengthRecordReaderV2", "LoadDataset"),
        *("SaveDatasetV2", "SnapshotDataset", "SnapshotDatasetV2", "LookupTableExportV2"),
        *("InitializeTableFromTextFile", "InitializeTableFromTextFileV2", "RemoteCall"),
        *("Send", "Recv", "RpcCall", "RpcClient", "DebugIdentity", "DebugIdentityV2"),
        *("DataServiceDataset", "DataServiceDatasetV2", "DataServiceDatasetV3"),
        *("WriteSummary", "CreateSummaryFileWriter", "CreateSummaryDbWriter", "WriteGraphSummary"),
    }
)


def ops_of(
    graph: Any, roots: Mapping[Place, Iterable[str]], tensors: Mapping[Place, Iterable[str]]
) -> dict[str, Op]:
    """Lists the ops of the graph and of its functions.

    Args:
        graph: The GraphDef.
        roots: Functions that each place calls.
        tensors: Tensors and ops of the graph that each place runs.

    Returns:
        By name. What no place reaches is "elsewhere"; it is loaded all the same.
    """
    library, nodes = functions_of(graph), {node.name: node for node in graph.node}
    used = {
        place: reached(graph, tensors.get(place, ()), roots.get(place, ()))
        for place in roots.keys() | tensors.keys()
    }
    used["elsewhere"] = (
        set(nodes).difference(*(own for own, _ in used.values())),
        set(library).difference(*(functions for _, functions in used.values())),
    )
    places: dict[str, set[Place]] = {}
    for place, (own, functions) in used.items():
        inside = (node for name in functions for node in library[name].node_def)
        for node in (*(nodes[name] for name in own), *inside):
            places.setdefault(node.op, set()).add(place)
    return {
        name: Op(kind=_kind(name), places=tuple(sorted(found)))
        for name, found in sorted(places.items())
        if name not in library
    }


def _kind(name: str) -> OpKind:
    try:
        definition = tf.Graph().op_def_for_type(name)
    except (RuntimeError, tf.errors.NotFoundError):
        return "unknown"
    if name in _OUTSIDE:
        return "outside"
    stateful = definition.is_stateful and name not in _STATE_OF_THE_MODEL | SAVER_OPS
    return "stateful" if stateful else "known"
