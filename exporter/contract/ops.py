"""Lists the ops of a model, by what uses them, and compares them with the locked ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from exporter.contract.bodies import Running, reached
from exporter.contract.deviation import NONE, Deviation
from exporter.contract.form import OpKind, Place, UsedOp
from exporter.contract.op_versions import excluded
from exporter.protobufs import functions_of

# What TensorFlow's own functions that save and restore are made of.
_SAVER_OPS = frozenset(
    {
        *("AssignVariableOp", "Cast", "Const", "DisableCopyOnRead", "Identity", "IdentityN"),
        *("MergeV2Checkpoints", "NoOp", "Pack", "Placeholder", "ReadVariableOp", "RestoreV2"),
        *("SaveV2", "Select", "ShardedFilename", "StatefulPartitionedCall", "StaticRegexFullMatch"),
        *("StringJoin", "VarHandleOp"),
    }
)

# Stateful by name only: they hold the model's variables, or call its functions.
_STATE_OF_THE_MODEL = _SAVER_OPS | {
    *("VarIsInitializedOp", "DestroyResourceOp", "AssignAddVariableOp", "AssignSubVariableOp"),
    *("ResourceGather", "If", "While", "Case", "Assert"),
}
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
_STATEFUL: tuple[tuple[Place, str], ...] = (
    ("signatures", "C84"),
    ("inference", "C85"),
    ("training", "C86"),
)

# Rules of which C94 says the same and more.
_SAYS_LESS = {"C87", "C88"}


def ops_of(graph: Any, uses: Mapping[Place, Running]) -> dict[str, UsedOp]:
    """Lists the ops of a GraphDef and of its functions.

    Args:
        graph: The GraphDef.
        uses: What each place runs.

    Returns:
        By name. What no place reaches is "elsewhere"; it is loaded all the same.
    """
    library, nodes = functions_of(graph), {node.name: node for node in graph.node}
    used = {place: reached(graph, use) for place, use in uses.items()}
    used["elsewhere"] = Running(
        set(nodes).difference(*(found.graph for found in used.values())),
        set(library).difference(*(found.functions for found in used.values())),
    )
    places: dict[str, set[Place]] = {}
    for place, (own, functions) in used.items():
        inside = (node for name in functions for node in library[name].node_def)
        for node in (*(nodes[name] for name in own), *inside):
            places.setdefault(node.op, set()).add(place)
    return {
        name: UsedOp(kind=_kind(name), places=tuple(sorted(found)))
        for name, found in sorted(places.items())
        if name not in library
    }


def _kind(name: str) -> OpKind:
    import tensorflow as tf

    try:
        definition = tf.Graph().op_def_for_type(name)
    except (RuntimeError, tf.errors.NotFoundError):
        return "unknown"
    if name in _OUTSIDE:
        return "outside"
    stateful = definition.is_stateful and name not in _STATE_OF_THE_MODEL
    return "stateful" if stateful else "known"


def compare_ops(locked: Mapping[str, UsedOp], found: Mapping[str, UsedOp]) -> Iterator[Deviation]:
    """Yields ops that were removed or added, or are used where they were not."""
    for name in locked.keys() - found.keys():
        yield Deviation("C89", f"op '{name}'", ", ".join(locked[name].places), NONE)
    for name, op in found.items():
        before = locked[name].places if name in locked else ()
        told, now = ", ".join(before) or NONE, ", ".join(op.places)
        places = set(op.places).difference(before)
        rules = _rules_of(name, op, places, new=name not in locked)
        lost = () if name in locked else excluded(name, locked)
        if lost:
            rules -= _SAYS_LESS
            what = f"{now}; excludes TensorFlow {', '.join(lost)}"
            yield Deviation("C94", f"op '{name}'", told, what)
        for rule in rules:
            yield Deviation(rule, f"op '{name}'", told, now)


def _rules_of(name: str, op: UsedOp, places: set[Place], *, new: bool) -> set[str]:
    """Names the rules for an op that is used in more places than before."""
    if op.kind == "unknown":
        return {"C82"} if new else set()
    if name in _SAVER_OPS:
        # What nothing runs is a saver that nothing names.
        places = places - {"saver", "elsewhere"}
        if new and not places:
            return {"C88"}
    if op.kind == "outside":
        return {"C83"} if places else set()
    if op.kind == "stateful" and (told := {rule for place, rule in _STATEFUL if place in places}):
        return told
    return {"C87"} if new else set()
