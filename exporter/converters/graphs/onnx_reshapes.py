"""Leaves out of an ONNX graph the reshapes that change no shape.

tf2onnx writes a transpose of one pixel as a reshape, and leaves some that do nothing.
Which ones depends on the order in which it goes through sets of objects: on their
addresses, which differ from run to run.
"""

from collections.abc import Sequence

import onnx

_Shape = Sequence[int | None]


def bypass_idle_reshapes(model: onnx.ModelProto) -> None:
    """Connects what follows an idle reshape to what comes before it.

    A reshape that gives an output of the model is left as it is. The others stay in the graph too,
    but nothing takes what they give.

    Args:
        model: Its nodes in the order of evaluation, without subgraphs; changed in place.
    """
    shapes = _shapes(model)
    shown = {output.name for output in model.graph.output}
    names: dict[str, str] = {}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        if node.op_type == "Reshape" and node.output[0] not in shown:
            before, after = (shapes.get(name) for name in (node.input[0], node.output[0]))
            if before is not None and after is not None and _equal(before, after):
                names[node.output[0]] = node.input[0]


def _equal(before: _Shape, after: _Shape) -> bool:
    """Says whether a reshape surely keeps the shape.

    It keeps the number of elements: where all known dimensions are equal, so is one free dimension.
    Two may change places, and beside a dimension of 0 any number will do.
    """
    if len(before) != len(after) or 0 in before:
        return False
    pairs = list(zip(before, after, strict=True))
    return all(one == other for one, other in pairs) and pairs.count((None, None)) <= 1


def _shapes(model: onnx.ModelProto) -> dict[str, _Shape]:
    """Returns the shapes of tensors, None for free dimensions, without a copy of the weights."""
    bare = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    graph = bare.graph
    graph.node.extend(model.graph.node)
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.INT64:  # may be a shape, so its values count
            graph.initializer.append(tensor)
        else:
            value = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            graph.input.append(value)
    found = onnx.shape_inference.infer_shapes(bare).graph
    types = {
        value.name: value.type.tensor_type
        for value in (*found.input, *found.value_info, *found.output)
    }
    return {
        name: [dim.dim_value if dim.HasField("dim_value") else None for dim in type_.shape.dim]
        for name, type_ in types.items()
        if type_.HasField("shape")
    }
