"""Names and sorts what is in an ONNX graph by its place in it.

tf2onnx numbers nodes and initializers with a counter, and goes through sets:
another process gives other names, and another order.
"""

from collections.abc import Iterator, Mapping

import onnx

_GRAPHS = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


def has_subgraphs(graph: onnx.GraphProto) -> bool:
    """Says whether there are branches or loops, whose inner names refer to outer ones."""
    return any(a.type in _GRAPHS for node in graph.node for a in node.attribute)


def rename(graph: onnx.GraphProto) -> None:
    """Names all but inputs and outputs anew, in the order of evaluation.

    What leads to no output goes, and constants of equal bytes become one.

    Args:
        graph: Without subgraphs; changed in place.
    """
    nodes = list(_ordered(graph))
    constants = {tensor.name: tensor for tensor in graph.initializer}
    kept = {value.name for value in (*graph.input, *graph.output)}
    names = {name: name for name in ("", *kept)}
    tensors: dict[bytes, onnx.TensorProto] = {}
    for number, node in enumerate(nodes):
        node.name = _free(f"/{node.op_type}_{number}", kept)
        node.ClearField("doc_string")
        node.attribute.sort(key=lambda attribute: attribute.name)
        for place, name in enumerate(node.input):
            if name not in names:
                tensor = _named(constants[name], _free(f"{node.name}/input_{place}", kept))
                names[name] = tensors.setdefault(_content(tensor), tensor).name
        for place, name in enumerate(node.output):
            names.setdefault(name, _free(f"{node.name}/output_{place}", kept))
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    shown = [constants[name] for name in sorted(kept & constants.keys())]
    _replace(graph, nodes, [*shown, *tensors.values()])


def _ordered(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Goes through the nodes that lead to outputs, each after those that it takes from."""
    makers: Mapping[str, onnx.NodeProto] = {
        name: node for node in graph.node for name in node.output if name
    }
    done: set[int] = set()
    # What is entered, and whether all it takes from has been.
    stack = [(output.name, False) for output in reversed(graph.output)]
    while stack:
        name, ready = stack.pop()
        node = makers.get(name)
        if node is None or id(node) in done:
            continue
        if ready:
            done.add(id(node))
            yield node
        else:
            stack.append((name, True))
            stack.extend((taken, False) for taken in reversed(node.input))


def _free(name: str, kept: set[str]) -> str:
    while name in kept:
        name += "_"
    return name


def _named(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    named = onnx.TensorProto()
    named.CopyFrom(tensor)
    named.name = name
    return named


def _content(tensor: onnx.TensorProto) -> bytes:
    content: bytes = _named(tensor, "").SerializeToString(deterministic=True)
    return content


def _replace(
    graph: onnx.GraphProto, nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto]
) -> None:
    # Copies: the list that is cleared owns the others.
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    graph.ClearField("node")
    graph.ClearField("initializer")
    graph.ClearField("value_info")
    graph.node.extend(nodes)
    graph.initializer.extend(tensors)
