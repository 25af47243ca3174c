"""A meta graph, read once for all that judges whether it does more than compute."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.protobuf.message import DecodeError

from exporter.protobufs import called_by, concrete_functions, op_of
from exporter.releases.other_calls import other_calls

# The collection of savers, which whoever trains on makes anew, and then gives their paths.
_SAVERS = "savers"


@dataclass(frozen=True)
class Node:
    """A node of a graph or a function.

    Attributes:
        name: Its name.
        op: Its op, which may be the name of a function.
        inputs: The nodes or arguments from which its tensors come, in order.
        needs: The same, and the nodes that it waits for.
        called: The functions that its attributes name.
        attr: Its attributes.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    needs: tuple[str, ...]
    called: tuple[str, ...]
    attr: Mapping[str, Any]

    @property
    def calls(self) -> tuple[str, ...]:
        """All that it may call."""
        return (self.op, *self.called)


@dataclass(frozen=True)
class LibraryFunction:
    """A function of a graph's library.

    Attributes:
        name: Its name.
        arguments: Their names.
        nodes: What it does.
    """

    name: str
    arguments: tuple[str, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class ScannedGraph:
    """A meta graph; of a hostile one, two nodes or functions may have one name.

    Attributes:
        nodes: The graph itself.
        functions: Its library.
        roots: By who asks, the nodes that loaders and users ask for, which need not be there: all
            that is ever run of it, but for its saver.
        save: The node by which loaders save, as `saver_def` says.
        restore: The node by which they load.
        path: The node that they feed with a path for both.
        savers: The functions by which objects save and load themselves.
        offered: The number of every other object, and a function that users call by it.
        other_calls: The functions that are run though no node need name them, and as what.
        metadata: What Keras keeps of each object.
    """

    nodes: tuple[Node, ...]
    functions: tuple[LibraryFunction, ...]
    roots: Mapping[str, set[str]]
    save: str
    restore: str
    path: str
    savers: frozenset[str]
    offered: tuple[tuple[int, str], ...]
    other_calls: tuple[tuple[str, str], ...]
    metadata: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """The nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """What each node needs, by its name."""
        return {node.name: node.needs for node in self.nodes}

    @cached_property
    def calls(self) -> dict[str, set[str]]:
        """All that each function may call, by its name; its ops among them."""
        found: dict[str, set[str]] = {}
        for function in self.functions:
            called = found.setdefault(function.name, set())
            called.update(*(node.calls for node in function.nodes))
        return found


def read(meta_graph: Any) -> ScannedGraph:
    """Reads a meta graph.

    Raises:
        IndexError: If a saver is none of its objects.
    """
    saver, objects = meta_graph.saver_def, meta_graph.object_graph_def.nodes
    saveables = [one for found in objects for one in found.saveable_objects.values()]
    savers = {number for one in saveables for number in (one.save_function, one.restore_function)}
    if not savers <= set(range(len(objects))):
        raise IndexError
    held = [(n, name) for n, found in enumerate(objects) for name in concrete_functions(found)]
    return ScannedGraph(
        _nodes(meta_graph.graph_def.node),
        tuple(_function(found) for found in meta_graph.graph_def.library.function),
        _roots(meta_graph),
        op_of(saver.save_tensor_name),
        op_of(saver.restore_op_name),
        op_of(saver.filename_tensor_name),
        frozenset(name for number, name in held if number in savers),
        tuple((number, name) for number, name in held if number not in savers),
        tuple(other_calls(meta_graph.graph_def.library)),
        tuple(found.user_object.metadata for found in objects),
    )


def _function(definition: Any) -> LibraryFunction:
    arguments = tuple(argument.name for argument in definition.signature.input_arg)
    return LibraryFunction(definition.signature.name, arguments, _nodes(definition.node_def))


def _nodes(definitions: Iterable[Any]) -> tuple[Node, ...]:
    return tuple(
        Node(
            found.name,
            found.op,
            tuple(op_of(tensor) for tensor in found.input if not tensor.startswith("^")),
            tuple(op_of(tensor) for tensor in found.input),
            tuple(called.name for called in called_by(found)),
            found.attr,
        )
        for found in definitions
    )


def _roots(meta_graph: Any) -> dict[str, set[str]]:
    """Finds the nodes at which running a graph begins, by who asks for them."""
    found = {}
    for key, signature in meta_graph.signature_def.items():
        infos = (*signature.inputs.values(), *signature.outputs.values())
        found[f"signature '{key}'"] = {op_of(name) for info in infos for name in _tensors(info)}
    for key, collection in meta_graph.collection_def.items():
        names = list(collection.node_list.value)
        for value in collection.bytes_list.value if key != _SAVERS else ():
            names += _of_variable(value)
        found[f"collection '{key}'"] = {op_of(name) for name in names}
    return found


def _tensors(info: Any) -> Iterator[str]:
    """Yields the tensors of a TensorInfo: one, or the parts of a sparse or composite one."""
    sparse = info.coo_sparse
    yield from (info.name, sparse.values_tensor_name, sparse.indices_tensor_name)
    yield sparse.dense_shape_tensor_name
    for part in info.composite_tensor.components:
        yield from _tensors(part)


def _of_variable(value: bytes) -> list[str]:
    """Names what TensorFlow 1 runs of a variable: a loader initializes those that are local."""
    from tensorflow.core.framework.variable_pb2 import VariableDef

    try:
        found = VariableDef.FromString(value)
    except DecodeError:
        return []  # of a loop, or anything else that says nothing of variables
    return [
        *(found.variable_name, found.initial_value_name),
        *(found.initializer_name, found.snapshot_name),
    ]
