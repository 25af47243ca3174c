"""Makes one flat graph of a function, with its variables as constants.

The only place beside TF-Slim's shim that reaches into TensorFlow: what inlines
functions has no public name, though converters and their documentation use it.
"""

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (  # noqa: TID251
    convert_variables_to_constants_v2,
)

from exporter.converters.source_model import SourceModel
from exporter.errors import ConversionError


def frozen_graph(source: SourceModel) -> tf.compat.v1.GraphDef:
    """Makes a graph whose inputs and outputs have the names of the signature's.

    Args:
        source: The SavedModel's function.

    Returns:
        Constants in place of variables, nothing called, a `Placeholder` for each
        input and an `Identity` for each output.

    Raises:
        ConversionError: If an output has the name of an input.
    """
    if both := sorted(source.inputs.keys() & source.outputs.keys()):
        raise ConversionError(
            f"SavedModel '{source.folder}' has an input and an output named '{both[0]}': expected"
            " different names, which this format needs. Save it with other names in its signature."
        )
    function = convert_variables_to_constants_v2(source.function)
    graph = function.graph.as_graph_def()
    # Flattened, both are in the sorted order of their names.
    renamed = {
        tensor.op.name: name for tensor, name in zip(function.inputs, source.inputs, strict=True)
    }
    outputs = dict(zip(source.outputs, function.outputs, strict=True))
    taken = {node.name for node in graph.node} - renamed.keys()
    renamed |= {n: f"{n}/op" for n in taken & {*outputs, *source.inputs}}
    for node in graph.node:
        node.name = renamed.get(node.name, node.name)
        node.input[:] = [_renamed(name, renamed) for name in node.input]
    for name, tensor in outputs.items():
        node = graph.node.add(name=name, op="Identity")
        node.input.append(_renamed(tensor.name.removesuffix(":0"), renamed))
        node.attr["T"].type = tensor.dtype.as_datatype_enum
    graph.ClearField("library")
    graph.node.sort(key=lambda node: node.name)
    return graph


def _renamed(tensor: str, names: dict[str, str]) -> str:
    """Renames the op in the name of a tensor or of a control input."""
    control = "^" if tensor.startswith("^") else ""
    name, colon, index = tensor.removeprefix("^").partition(":")
    return f"{control}{names.get(name, name)}{colon}{index}"
