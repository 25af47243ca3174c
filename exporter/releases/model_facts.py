"""What a SavedModel says of itself, read from its protobuf."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.contract import op_versions
from exporter.errors import PublishError
from exporter.labels import labels_of
from exporter.protobufs import (
    children_of,
    functions_of,
    listed,
    nodes_of,
    read_saved_model,
)
from exporter.signatures import FOLDED, SERVING
from slim_nets.registry import ImageSize

_MOMENTUM = "batch_norm_momentum"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Figures of a model, as they stand on its page.

    Attributes:
        image_size: Of the images in pixels; None where they may have any.
        output: Key of the signature's output.
        num_outputs: How many numbers it has for an image.
        variables: How many there are.
        parameters: How many numbers they hold.
        trainable: How many of those are trained.
        batch_norm_momentum: Default of the model's argument.
        tensorflow: The version that wrote the model.
        needed_tensorflow: The oldest release, of those that were asked, that has all of its ops.
        description: What is particular about its weights; empty for nothing.
        folded_signature: Whether it has the signature `serving_folded`.
        labels: Name of the file in its `assets` with the names of the classes; empty without.
    """

    image_size: ImageSize | None
    output: str
    num_outputs: int
    variables: int
    parameters: int
    trainable: int
    batch_norm_momentum: float
    tensorflow: str
    needed_tensorflow: str
    description: str = ""
    folded_signature: bool = False
    labels: str = ""


def model_facts(folder: Path) -> ModelFacts:
    """Reads a model of ours.

    Args:
        folder: The SavedModel.

    Returns:
        What it says.

    Raises:
        PublishError: If it cannot be read, or has not the interface of our models.
    """
    try:
        (meta_graph,) = read_saved_model(folder, PublishError).meta_graphs
        signature = meta_graph.signature_def[SERVING]
        height, width = (dim.size for dim in signature.inputs["inputs"].tensor_shape.dim[1:3])
        ((output, info),) = signature.outputs.items()
        sizes = [_size(v) for v in _listed(meta_graph.object_graph_def, "variables")]
        trained = [_size(v) for v in _listed(meta_graph.object_graph_def, "trainable_variables")]
        return ModelFacts(
            image_size=None if min(height, width) < 0 else ImageSize(height, width),
            output=output,
            num_outputs=info.tensor_shape.dim[1].size,
            variables=len(sizes),
            parameters=sum(sizes),
            trainable=sum(trained),
            batch_norm_momentum=_momentum(meta_graph.object_graph_def),
            tensorflow=meta_graph.meta_info_def.tensorflow_version,
            description=meta_graph.meta_info_def.meta_graph_version,
            needed_tensorflow=_needed(meta_graph.graph_def),
            folded_signature=FOLDED in meta_graph.signature_def,
            labels=labels.name if (labels := labels_of(folder)) else "",
        )
    except (ValueError, LookupError) as error:
        raise PublishError(
            f"SavedModel '{folder}' has another interface: expected one graph with variables,"
            f" {SERVING} and {_MOMENTUM}, found none. Package what 'slim-export export' wrote."
        ) from error


def variable_names(meta_graph: Any) -> list[str]:
    """Names the variables of a model, in the order of its list.

    Raises:
        LookupError: If it has no list.
    """
    return [v.variable.name for v in _listed(meta_graph.object_graph_def, "variables")]


def _needed(graph: Any) -> str:
    functions = functions_of(graph)
    return op_versions.needed(node.op for node in nodes_of(graph) if node.op not in functions)


def _listed(objects: Any, name: str) -> list[Any]:
    nodes = listed(objects, name)
    if nodes is None:
        raise LookupError(name)
    return [objects.nodes[node] for node in nodes]


def _size(node: Any) -> int:
    return math.prod(dim.size for dim in node.variable.shape.dim)


def _momentum(objects: Any) -> float:
    spec = objects.nodes[
        children_of(objects, 0)["__call__"]
    ].function.function_spec.fullargspec.named_tuple_value
    parts = {pair.key: pair.value for pair in spec.values}
    names = [value.string_value for value in parts["args"].list_value.values]
    defaults = parts["defaults"].tuple_value.values
    value = dict(zip(names[-len(defaults) :], defaults, strict=True))[_MOMENTUM]
    return float(value.float64_value)
