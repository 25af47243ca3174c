"""The saver of TensorFlow 1, whose ops stand among a graph's own, in no function."""

from collections.abc import Mapping
from typing import Any

from exporter.protobufs import closure, inputs_of, op_of
from exporter.releases.allowed_ops import READING, SAVER, WRITING
from exporter.releases.roots import roots
from exporter.releases.saver_paths import has_other_path

# The path of whoever gives none: TensorFlow makes every saver with this one.
_DEFAULT = b"model"
# It puts two placeholders before that.
_DEFAULTS = 2


def plain_saver(meta_graph: Any) -> frozenset[str]:
    """Finds the nodes that read and write files as TensorFlow 1's own saver does.

    Loaders feed the path by the name that `saver_def` gives, and ask for one node to load and
    another to save. That is harmless where loading only reads, saving only writes, each path
    comes from what is fed, and nothing else asks for what these nodes give. Savers that training
    left behind, which nobody asks for, may have paths of their own that are as TensorFlow makes
    them.

    Args:
        meta_graph: The meta graph.

    Returns:
        The names of these nodes. What else reads or writes files is none of them.
    """
    definition = meta_graph.saver_def
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    if len(nodes) != len(meta_graph.graph_def.node):
        return frozenset()  # of two with one name, who knows which one is run
    inputs = inputs_of(nodes.values())
    loading = closure({op_of(definition.restore_op_name)}, inputs)
    saving = closure({op_of(definition.save_tensor_name)}, inputs)
    asked = closure({op_of(name) for _, name in roots(meta_graph)}, inputs)
    spare = {name for name in nodes if _is_free(name, nodes)}
    fed = spare & {op_of(definition.filename_tensor_name)}

    def is_plain(node: Any) -> bool:
        barred = WRITING if node.name in loading else frozenset[str]()
        barred |= READING if node.name in saving else frozenset[str]()
        if node.name in asked or node.op in barred or node.op not in SAVER:
            return False
        given = fed if node.name in loading | saving else spare
        return not has_other_path(node, nodes, given)

    return frozenset(name for name, node in nodes.items() if is_plain(node))


def _is_free(name: str, nodes: Mapping[str, Any]) -> bool:
    """Says whether a node is a path that is to be fed, and names no file where it is not."""
    node = nodes[name]
    for _ in range(_DEFAULTS):
        if node.op == "PlaceholderWithDefault" and node.input:
            node = nodes.get(op_of(node.input[0]), node)
    if node.op != "Const":
        return bool(node.op == "Placeholder")
    text = node.attr["value"].tensor
    return list(text.string_val) == [_DEFAULT] and not text.tensor_content
