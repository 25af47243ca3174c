"""Which functions of a SavedModel are its saver, and whether anything else may reach them.

The saver's functions write and read files, by a path that whoever saves or
loads the model gives. A model is safe as long as nothing but the loader calls
them, and they use no other path. That they are called so is no proof: they are
found by what the loader itself goes by, `saver_def` and the object graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporter.protobufs import called_by, closure, concrete_functions, inputs_of, op_of
from exporter.releases.allowed_ops import SAVER
from exporter.releases.saver_paths import other_paths

_READING = frozenset({"RestoreV2"})
_WRITING = frozenset(SAVER) - _READING
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Saver:
    """The saver of a meta graph.

    Attributes:
        nodes: Of the graph, by which `saver_def` calls it.
        path: The placeholder of the graph that is the path; empty without one.
        functions: That these nodes and the object graph's savers call, and
            what those call in turn, with the ops that they alone may have:
            none but for those that the nodes call, of which those that save
            may not load, and those that load may not save.
        calls: What each function of the library calls.
    """

    nodes: frozenset[str]
    path: str
    functions: dict[str, frozenset[str]]
    calls: dict[str, set[str]]

    @classmethod
    def of(cls, meta_graph: Any) -> "Saver":
        """Finds the saver of a meta graph."""
        definition = meta_graph.saver_def
        save, restore = op_of(definition.save_tensor_name), definition.restore_op_name
        graph = {node.name: set(_calls(node)) for node in meta_graph.graph_def.node}
        objects = meta_graph.object_graph_def
        saving, loading = set(graph.get(save, ())), set(graph.get(restore, ()))
        for node in objects.nodes:
            for saveable in node.saveable_objects.values():
                saving |= set(concrete_functions(objects.nodes[saveable.save_function]))
                loading |= set(concrete_functions(objects.nodes[saveable.restore_function]))
        library = meta_graph.graph_def.library.function
        calls = {f.signature.name: {c for n in f.node_def for c in _calls(n)} for f in library}
        none = dict.fromkeys(closure(saving | loading, calls) & calls.keys(), _NOTHING)
        writing = dict.fromkeys(graph.get(save, set()) & calls.keys(), _WRITING)
        reading = dict.fromkeys(graph.get(restore, set()) & calls.keys(), _READING)
        both = dict.fromkeys(writing.keys() & reading.keys(), _NOTHING)
        nodes, path = frozenset({save, restore} - {""}), op_of(definition.filename_tensor_name)
        fed = {node.name for node in meta_graph.graph_def.node if node.op == "Placeholder"}
        return cls(nodes, path if path in fed else "", none | writing | reading | both, calls)


def misuse(meta_graph: Any, saver: Saver) -> Iterator[tuple[str, str]]:
    """Finds other ways to the saver than the loader's, and other paths than the given one.

    Args:
        meta_graph: The meta graph.
        saver: Its saver.

    Yields:
        The op or function, and where it is.
    """
    # A function without files is harmless, whoever calls it.
    library = meta_graph.graph_def.library.function
    files = {f.signature.name for f in library if any(n.op in SAVER for n in f.node_def)}
    guarded = frozenset(f for f in saver.functions if closure({f}, saver.calls) & files)
    for node in meta_graph.graph_def.node:
        path = [op_of(tensor) for tensor in node.input[:1]]
        if node.name not in saver.nodes or path != [saver.path]:
            yield from ((c, f"node '{node.name}'") for c in _calls(node) if c in guarded)
    for function in library:
        if function.signature.name not in saver.functions:
            where = f"function '{function.signature.name}'"
            yield from ((c, where) for n in function.node_def for c in _calls(n) if c in guarded)
        else:
            where = f"function '{function.signature.name}', with a path of its own"
            yield from ((op, where) for op in other_paths(function))
            # Whoever calls a function chooses its path.
            yield from ((c, where) for n in function.node_def for c in _calls(n) if c in guarded)
    yield from _through_signatures(meta_graph, saver)
    yield from _through_objects(meta_graph.object_graph_def, guarded)


def _through_signatures(meta_graph: Any, saver: Saver) -> Iterator[tuple[str, str]]:
    """Finds signatures that would run the saver's nodes."""
    wanted = {
        f"signature '{key}'": [info.name for info in signature.outputs.values()]
        for key, signature in meta_graph.signature_def.items()
    }
    for key, collection in meta_graph.collection_def.items():
        wanted[f"collection '{key}'"] = list(collection.node_list.value)
    inputs = inputs_of(meta_graph.graph_def.node)
    for where, names in wanted.items():
        for name in sorted(closure(map(op_of, names), inputs) & saver.nodes):
            yield name, where


def _through_objects(objects: Any, guarded: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Finds objects by which a user would call the saver."""
    saveables = [s for node in objects.nodes for s in node.saveable_objects.values()]
    savers = {n for s in saveables for n in (s.save_function, s.restore_function)}
    for number, node in enumerate(objects.nodes):
        if number not in savers:
            yield from ((f, f"object {number}") for f in concrete_functions(node) if f in guarded)


def _calls(node: Any) -> Iterator[str]:
    yield node.op  # which may be a function's name
    yield from (called.name for called in called_by(node))
