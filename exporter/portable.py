"""Leaves out what a graph does not need and older TensorFlow cannot load.

A loader refuses a whole model for one op or attribute that it does not know.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from exporter.protobufs import nodes_of, op_of

# They tell the runtime how to hold a variable, and have no result: no value depends on them.
_HINTS = frozenset({"DisableCopyOnRead"})
# They only name things for people who debug.
_LABELS = frozenset({"debug_name"})


def make_portable(meta_graph: Any) -> None:
    """Takes hints, labels and attributes that have their default out of a MetaGraphDef.

    What ran after a hint runs after what the hint ran after. The list of ops,
    by which a loader knows the writer's defaults, loses what is no longer used.

    Args:
        meta_graph: The graph, changed in place.
    """
    graph = meta_graph.graph_def
    _drop_hints(graph.node)
    for function in graph.library.function:
        dropped = _drop_hints(function.node_def)
        _drop_control_outputs(function, dropped)
    strip(nodes_of(graph))
    for node in nodes_of(graph):
        for label in _LABELS & node.attr.keys():
            del node.attr[label]
    definitions = meta_graph.meta_info_def.stripped_op_list.op
    _drop(definitions, _HINTS)
    for definition in definitions:
        _drop(definition.attr, _LABELS)


def strip(nodes: Iterable[Any]) -> None:
    """Removes attributes that have the default that this TensorFlow would give them.

    Args:
        nodes: NodeDefs, changed in place.
    """
    for node in nodes:
        for name, default in _defaults(node.op).items():
            if name in node.attr and node.attr[name] == default:
                del node.attr[name]


@cache
def _defaults(op: str) -> dict[str, Any]:
    """Returns the defaults of an op's attributes; none for a function that is called as an op."""
    import tensorflow as tf

    try:
        definition = tf.Graph().op_def_for_type(op)
    except (RuntimeError, tf.errors.NotFoundError):
        return {}
    return {a.name: a.default_value for a in definition.attr if a.HasField("default_value")}


def _drop_hints(nodes: Any) -> set[str]:
    """Drops hints from the nodes of one body; returns their names."""
    before = {node.name: _controls(node) for node in nodes if node.op in _HINTS}
    if not before:
        return set()
    _drop(nodes, set(before))
    for node in nodes:
        data = [tensor for tensor in node.input if not tensor.startswith("^")]
        controls = dict.fromkeys(c for op in _controls(node) for c in _behind(op, before))
        node.input[:] = [*data, *(f"^{control}" for control in controls)]
    return set(before)


def _drop(messages: Any, names: Collection[str]) -> None:
    """Drops messages with one of some names from a repeated field."""
    for place in reversed(range(len(messages))):
        if messages[place].name in names:
            del messages[place]


def _controls(node: Any) -> list[str]:
    return [op_of(tensor) for tensor in node.input if tensor.startswith("^")]


def _behind(op: str, dropped: dict[str, list[str]]) -> Iterable[str]:
    """Yields an op, or what stood before it if it was dropped."""
    if op not in dropped:
        yield op
    for before in dropped.get(op, ()):
        yield from _behind(before, dropped)


def _drop_control_outputs(function: Any, dropped: set[str]) -> None:
    gone = {key for key, node in function.control_ret.items() if node in dropped}
    for key in gone:
        del function.control_ret[key]
    outputs = function.signature.control_output
    outputs[:] = [key for key in outputs if key not in gone]
