"""The paths that a saver's functions use: those that TensorFlow's own saver makes alone."""

import re
from collections.abc import Collection, Iterator, Mapping

from exporter.releases.allowed_ops import SAVER
from exporter.releases.scanned_graph import LibraryFunction, Node

# What TensorFlow's saver appends to the path that it is given, while it writes.
_SUFFIX = re.compile(rb"\.part|_temp(_[0-9a-f]{32})?/part")


def other_paths(function: LibraryFunction) -> Iterator[str]:
    """Names the ops of a saver's function that use another path than the canonical one.

    Args:
        function: Its first argument is the path that whoever saves or loads gives.

    Yields:
        The op.
    """
    nodes, given = {node.name: node for node in function.nodes}, function.arguments[:1]
    yield from (node.op for node in function.nodes if has_other_path(node, nodes, given))


def has_other_path(node: Node, nodes: Mapping[str, Node], given: Collection[str]) -> bool:
    """Says whether an op of a saver uses a path that is neither given nor made of that.

    Args:
        node: Any op.
        nodes: All beside it, by name.
        given: Names of the arguments or nodes that are the path.
    """
    wanted = SAVER.get(node.op, ())
    paths = [node.inputs[place] if place < len(node.inputs) else "" for place in wanted]
    return not all(_is_given(path, nodes, given) for path in paths)


def _is_given(path: str, nodes: Mapping[str, Node], given: Collection[str]) -> bool:
    """Says whether a node is the given path, or what the saver makes of it while it writes."""
    todo, found = [path], set[str]()
    while todo:
        name = todo.pop()
        if name in found:
            continue  # each once, however many ways lead to it
        found.add(name)
        if name not in given:
            made_of = _made_of(name, nodes)
            if not made_of:
                return False
            todo += made_of
    return not found.isdisjoint(given)  # as nodes in circles are


def _made_of(name: str, nodes: Mapping[str, Node]) -> tuple[str, ...]:
    """Returns the paths of which the saver makes a node; none for what it does not make."""
    if name not in nodes:
        return ()
    node = nodes[name]
    inputs = node.inputs
    if node.op == "StringJoin" and not node.attr["separator"].s and len(inputs) == 2:
        return inputs[:1] if _is_suffix(inputs[1], nodes) else ()
    return {"Identity": inputs, "ShardedFilename": inputs[:1], "Pack": inputs}.get(node.op, ())


def _is_suffix(name: str, nodes: Mapping[str, Node]) -> bool:
    """Says whether a node is a constant suffix, or the choice between two."""
    node = nodes.get(name)
    if node is None:
        return False
    if node.op == "Select":
        return all(_is_constant_suffix(nodes.get(choice)) for choice in node.inputs[1:3])
    return _is_constant_suffix(node)


def _is_constant_suffix(node: Node | None) -> bool:
    if node is None or node.op != "Const":
        return False
    tensor = node.attr["value"].tensor
    (text,) = tensor.string_val if len(tensor.string_val) == 1 else (b"",)
    return not tensor.tensor_content and _SUFFIX.fullmatch(text) is not None
