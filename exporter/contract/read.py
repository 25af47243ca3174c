"""Reads the contract of a SavedModel from its protobuf and the index of its variables."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saver_pb2

from checkpoints.layout import CheckpointError
from checkpoints.reader import StoredTensor, open_checkpoint
from exporter.contract.functions import Reader
from exporter.contract.objects import Objects
from exporter.contract.ops import ops_of
from exporter.contract.order import order_of
from exporter.contract.record import (
    LOSSES,
    VARIABLE_LISTS,
    Contract,
    Place,
    Sizes,
    VariableList,
)
from exporter.contract.signatures import signatures_of, tensors_of
from exporter.digests import of_files
from exporter.errors import ContractError, listing, reason
from exporter.protobufs import (
    SAVED_MODEL,
    concrete_functions,
    functions_of,
    listed,
    read_saved_model,
    unreadable,
)

_INDEX = Path("variables/variables.index")


def read(folder: Path) -> Contract:
    """Reads what consumers of a SavedModel depend on.

    Args:
        folder: The SavedModel.

    Returns:
        Its contract, with what is wrong with its index.

    Raises:
        ContractError: If it is none that TensorFlow 2 could load.
    """
    model = read_saved_model(folder, ContractError)
    meta_graph = _meta_graph(folder, model)
    holds_variables = any(n.HasField("variable") for n in meta_graph.object_graph_def.nodes)
    objects = Objects(meta_graph.object_graph_def, _index(folder) if holds_variables else {})
    try:
        return _contract(folder, model, objects)
    # What a damaged protobuf that can still be parsed lacks, or refers to.
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        what = error.args[0] if isinstance(error, LookupError) and error.args else reason(error)
        raise ContractError(
            f"Model '{folder}' is damaged: expected a whole object graph in {SAVED_MODEL}, found"
            f" that it refers to what is not there ({what}). Export or copy it again."
        ) from error
    except RecursionError as error:
        raise ContractError(
            f"Model '{folder}' is damaged: expected functions that end in ops, found one that calls"
            " itself, or very many in each other. Export or copy it again."
        ) from error
    except OSError as error:
        raise unreadable(folder, error, ContractError) from error


def read_sound(folder: Path) -> Contract:
    """Reads the contract of a model and refuses one whose index does not fit.

    Raises:
        ContractError: If a variable has no value of its shape and dtype, or as `read`.
    """
    contract = read(folder)
    if contract.index_mismatches:
        raise ContractError(
            f"Model '{folder}' does not fit its index: expected all variables in"
            f" '{_INDEX}', found: {listing(contract.index_mismatches)}. Export or copy it again."
        )
    return contract


def _contract(folder: Path, model: Any, objects: Objects) -> Contract:
    (meta_graph,) = model.meta_graphs
    reader = Reader(objects, functions_of(meta_graph.graph_def))
    variables = objects.variables()
    return Contract(
        tags=tuple(sorted(set(meta_graph.meta_info_def.tags))),
        saved_model_schema=model.saved_model_schema_version,
        min_consumer=meta_graph.graph_def.versions.min_consumer,
        tensorflow_version=meta_graph.meta_info_def.tensorflow_version,
        description=meta_graph.meta_info_def.meta_graph_version,
        saver=_saver(meta_graph),
        assets=_assets(folder, meta_graph),
        root=objects.kind(0),
        children={name: objects.kind(node) for name, node in objects.children.items()},
        signatures=signatures_of(meta_graph, objects.signatures()),
        functions=reader.functions,
        losses=reader.losses(),
        variables=variables,
        lists=_lists(reader),
        ops=_ops(meta_graph, reader),
        sizes=_sizes(folder),
        index_mismatches=objects.index_mismatches(),
    )


def _meta_graph(folder: Path, model: Any) -> Any:
    if len(model.meta_graphs) != 1:
        tags = [f"[{', '.join(sorted(g.meta_info_def.tags))}]" for g in model.meta_graphs]
        advice = (
            "A contract is of one; save the one that is published alone."
            if tags
            else "Export or copy it again."
        )
        raise ContractError(
            f"Model '{folder}' has {len(tags)} meta graphs: expected one, found"
            f" {listing(tags) or 'none'}. {advice}"
        )
    (meta_graph,) = model.meta_graphs
    if not meta_graph.object_graph_def.nodes:
        raise ContractError(
            f"Model '{folder}' has no object graph: expected a SavedModel of TensorFlow 2, found"
            " one in the form of TensorFlow 1. Save it with tf.saved_model.save."
        )
    return meta_graph


def _index(folder: Path) -> Mapping[str, StoredTensor]:
    path = folder / _INDEX
    try:
        found = "none" if not path.is_file() else "other bytes"
        return open_checkpoint(path.with_suffix("")).tensors
    except (CheckpointError, OSError) as error:
        raise ContractError(
            f"Model '{folder}' is damaged: expected an index of its variables in '{_INDEX}', found"
            f" {found}. Export or copy it again."
        ) from error


def _saver(meta_graph: Any) -> str:
    """Names the saver's form; a saver that the graph does not have is none."""
    nodes = {node.name for node in meta_graph.graph_def.node}
    if meta_graph.saver_def.restore_op_name not in nodes:
        return ""
    return str(saver_pb2.SaverDef.CheckpointFormatVersion.Name(meta_graph.saver_def.version))


def _assets(folder: Path, meta_graph: Any) -> dict[str, str]:
    root = folder / "assets"
    found = {
        path.relative_to(root).as_posix(): of_files([path])
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    named = {asset.filename: "missing" for asset in meta_graph.asset_file_def}
    return named | found


def _lists(reader: Reader) -> dict[str, VariableList]:
    names = reader.objects.variable_names
    used = [names[node] for node in reader.order_of_use() if node in names]
    found = {}
    for name in VARIABLE_LISTS:
        nodes = listed(reader.objects.graph, name)
        if nodes is not None:
            members = tuple(names[node] for node in nodes if node in names)
            found[name] = VariableList(names=members, order=order_of(members, used))
    return found


def _ops(meta_graph: Any, reader: Reader) -> dict[str, Any]:
    objects = reader.objects
    functions: dict[Place, list[str]] = {"inference": [], "training": [], "saver": []}
    for node in objects.functions.values():
        for name, trace in reader.traces(node).items():
            functions["training" if trace.training else "inference"].append(name)
    for node in listed(objects.graph, LOSSES) or ():
        if objects.is_function(node):
            functions["training"] += concrete_functions(objects.graph.nodes[node])
    functions["saver"] = [
        name
        for node in objects.graph.nodes
        for saveable in node.saveable_objects.values()
        for function in (saveable.save_function, saveable.restore_function)
        for name in concrete_functions(objects.graph.nodes[function])
    ]
    saver = meta_graph.saver_def
    tensors: dict[Place, Iterable[str]] = {
        "signatures": tensors_of(meta_graph.signature_def),
        "saver": [saver.save_tensor_name, saver.restore_op_name],
    }
    return ops_of(meta_graph.graph_def, functions, tensors)


def _sizes(folder: Path) -> Sizes:
    variables = [path for path in (folder / "variables").glob("*") if path.is_file()]
    return Sizes(
        saved_model=(folder / SAVED_MODEL).stat().st_size,
        variables=sum(path.stat().st_size for path in variables),
    )
