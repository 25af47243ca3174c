"""The saver of TensorFlow 1, whose ops stand among a graph's own, in no function."""

from collections.abc import Mapping

from exporter.protobufs import closure
from exporter.releases.allowed_ops import READING, SAVER, WRITING
from exporter.releases.saver_paths import has_other_path
from exporter.releases.scanned_graph import Node, ScannedGraph

# The path of whoever gives none: TensorFlow makes every saver with this one.
_DEFAULT = b"model"
# It puts two placeholders before that.
_DEFAULTS = 2


def plain_saver(scanned: ScannedGraph) -> frozenset[str]:
    """Finds the nodes that read and write files as TensorFlow 1's own saver does.

    Loaders feed the path by the name that `saver_def` gives, and ask for one node to load and
    another to save. That is harmless where loading only reads, saving only writes, each path
    comes from what is fed, and nothing else asks for what these nodes give. Savers that training
    left behind, which nobody asks for, may have paths of their own that are as TensorFlow makes
    them.

    Args:
        scanned: The meta graph.

    Returns:
        The names of these nodes. What else reads or writes files is none of them.
    """
    nodes, needs = scanned.by_name, scanned.needs
    if len(nodes) != len(scanned.nodes):
        return frozenset()  # of two with one name, who knows which one is run
    loading, saving = closure({scanned.restore}, needs), closure({scanned.save}, needs)
    asked = closure(set().union(*scanned.roots.values()), needs)
    spare = {name for name in nodes if _is_free(name, nodes)}
    fed = spare & {scanned.path}

    def is_plain(node: Node) -> bool:
        barred = WRITING if node.name in loading else frozenset[str]()
        barred |= READING if node.name in saving else frozenset[str]()
        if node.name in asked or node.op in barred or node.op not in SAVER:
            return False
        given = fed if node.name in loading | saving else spare
        return not has_other_path(node, nodes, given)

    return frozenset(name for name, node in nodes.items() if is_plain(node))


def _is_free(name: str, nodes: Mapping[str, Node]) -> bool:
    """Says whether a node is a path that is to be fed, and names no file where it is not."""
    node = nodes[name]
    for _ in range(_DEFAULTS):
        if node.op == "PlaceholderWithDefault" and node.inputs:
            node = nodes.get(node.inputs[0], node)
    if node.op != "Const":
        return bool(node.op == "Placeholder")
    text = node.attr["value"].tensor
    return list(text.string_val) == [_DEFAULT] and not text.tensor_content
