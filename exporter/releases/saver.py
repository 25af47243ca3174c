"""Which functions of a SavedModel are its saver, and whether anything else may reach them.

The saver's functions write and read files, by a path that whoever saves or
loads the model gives. A model is safe as long as nothing but the loader calls
them, and they use no other path. That they are called so is no proof: they are
found by what the loader itself goes by, `saver_def` and the object graph.
"""

from collections.abc import Collection, Iterator

from exporter.protobufs import closure
from exporter.releases.allowed_ops import READING, SAVER, WRITING
from exporter.releases.saver_paths import other_paths
from exporter.releases.scanned_graph import ScannedGraph


def saver_functions(scanned: ScannedGraph) -> dict[str, frozenset[str]]:
    """Finds the functions that save and load a model.

    Args:
        scanned: The meta graph.

    Returns:
        Those that the nodes of `saver_def` and the object graph's savers call, and what those call
        in turn, with the ops that they alone may have: none but for those that the nodes call, of
        which those that save may not load, and those that load may not save.
    """
    nodes, calls = scanned.by_name, scanned.calls
    saving, loading = (
        {*nodes[name].calls} & calls.keys() if name in nodes else set()
        for name in (scanned.save, scanned.restore)
    )
    found = closure(saving | loading | scanned.savers, calls) & calls.keys()
    return {
        **dict.fromkeys(found, frozenset[str]()),
        **dict.fromkeys(saving - loading, WRITING),
        **dict.fromkeys(loading - saving, READING),
    }


def misuse(scanned: ScannedGraph, own: Collection[str]) -> Iterator[tuple[str, str]]:
    """Finds other ways to the saver than the loader's, and other paths than the given one.

    Args:
        scanned: The meta graph.
        own: Its saver's functions.

    Yields:
        The op or function, and where it is.
    """
    # A function without files is harmless, whoever calls it.
    guarded = {name for name in own if closure({name}, scanned.calls) & SAVER.keys()}
    path, loaders = scanned.by_name.get(scanned.path), {scanned.save, scanned.restore} - {""}
    fed = path.name if path is not None and path.op == "Placeholder" else ""
    for node in scanned.nodes:
        if node.name not in loaders or node.inputs[:1] != (fed,):
            yield from ((c, f"node '{node.name}'") for c in node.calls if c in guarded)
    for function in scanned.functions:
        where = f"function '{function.name}'"
        if function.name in own:
            # Whoever calls a function chooses its path.
            where += ", with a path of its own"
            yield from ((op, where) for op in other_paths(function))
        yield from ((c, where) for n in function.nodes for c in n.calls if c in guarded)
    for where, names in scanned.roots.items():
        yield from ((n, where) for n in sorted(closure(names, scanned.needs) & loaders))
    yield from ((name, f"object {n}") for n, name in scanned.offered if name in guarded)
