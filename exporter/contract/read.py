"""Reads the contract of a SavedModel from its protobuf and the index of its variables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saver_pb2

from checkpoints.layout import CheckpointError
from checkpoints.reader import StoredTensor, open_checkpoint
from exporter.contract.bodies import Running
from exporter.contract.form import LOSSES, Contract, Place, Signature, Sizes, UsedOp
from exporter.contract.functions import Functions
from exporter.contract.meta_graphs import MetaGraphs, meta_graphs
from exporter.contract.named_variables import NamedVariables
from exporter.contract.objects import Objects
from exporter.contract.ops import ops_of
from exporter.contract.signature_defs import signatures_of, tensors_of
from exporter.contract.variables import StoredVariables
from exporter.digests import of_files
from exporter.errors import ContractError, reason
from exporter.protobufs import (
    SAVED_MODEL,
    concrete_functions,
    damaged,
    functions_of,
    listed,
    read_saved_model,
    unreadable,
)

INDEX = Path("variables/variables.index")


def read(folder: Path) -> Contract:
    """Reads what consumers of a SavedModel depend on.

    Args:
        folder: The SavedModel.

    Returns:
        Its contract, with what is wrong with its index.

    Raises:
        ContractError: If it is none that TensorFlow could load.
    """
    model = read_saved_model(folder, ContractError)
    graphs = meta_graphs(folder, model)
    try:
        index = _index(folder) if _has_variables(graphs) else {}
        return _contract(folder, model, graphs, index)
    # What a damaged protobuf that can still be parsed lacks, or refers to.
    except (AttributeError, DecodeError, LookupError, TypeError, ValueError) as error:
        what = error.args[0] if isinstance(error, LookupError) and error.args else reason(error)
        expected = f"a whole object graph in {SAVED_MODEL}"
        found = f"that it refers to what is not there ({what})"
        raise damaged(folder, expected, found, ContractError) from error
    except RecursionError as error:
        expected = "functions that end in ops"
        found = "one that calls itself, or very many in each other"
        raise damaged(folder, expected, found, ContractError) from error
    except OSError as error:
        raise unreadable(folder, error, ContractError) from error


def _contract(
    folder: Path, model: Any, graphs: MetaGraphs, index: Mapping[str, StoredTensor]
) -> Contract:
    main, objects = graphs.main, Objects(graphs.objects)
    functions = Functions(objects, functions_of(main.graph_def))
    variables: StoredVariables | NamedVariables = StoredVariables(objects, index)
    if not graphs.has_objects:
        variables = NamedVariables(graphs.all, index)
    return Contract(
        tags=graphs.tags,
        saved_model_schema=model.saved_model_schema_version,
        min_consumer=max(graph.graph_def.versions.min_consumer for graph in graphs.all),
        tensorflow_version=main.meta_info_def.tensorflow_version,
        description=main.meta_info_def.meta_graph_version,
        saver=_saver(main),
        assets=_assets(folder, main),
        root=objects.kind(0),
        children={name: objects.kind(node) for name, node in objects.children.items()},
        signatures=_signatures(graphs, objects),
        functions=functions.functions,
        losses=functions.losses(),
        variables=variables.variables(),
        lists=variables.lists(functions.order_of_use()),
        ops=_ops(graphs, objects, functions),
        sizes=_sizes(folder),
        index_mismatches=variables.index_mismatches(),
    )


def _has_variables(graphs: MetaGraphs) -> bool:
    """Says whether there must be an index: of variables, or where none are told, of a saver."""
    if graphs.has_objects:
        return any(node.HasField("variable") for node in graphs.objects.nodes)
    return any(map(_saver, graphs.all))


def _signatures(graphs: MetaGraphs, objects: Objects) -> dict[str, Signature]:
    """Reads the signatures; names of those that other tags than the main ones give end with them.

    What is loaded without objects has every signature in `model.signatures`.
    """
    found: dict[str, Signature] = {}
    for tags, graph in graphs.named():
        attributes = objects.signatures if graphs.has_objects else graph.signature_def.keys()
        read_here = signatures_of(graph, attributes)
        found |= {f"{name}{tags}": signature for name, signature in read_here.items()}
    return found


def _index(folder: Path) -> Mapping[str, StoredTensor]:
    path = folder / INDEX
    try:
        found = "none" if not path.is_file() else "other bytes"
        return open_checkpoint(path.with_suffix("")).tensors
    except (CheckpointError, OSError) as error:
        expected = f"an index of its variables in '{INDEX}'"
        raise damaged(folder, expected, found, ContractError) from error


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


def _ops(graphs: MetaGraphs, objects: Objects, functions: Functions) -> dict[str, UsedOp]:
    found: dict[str, UsedOp] = {}
    for graph in graphs.all:
        for name, op in ops_of(graph.graph_def, _uses(graph, objects, functions)).items():
            places = {*op.places, *(found[name].places if name in found else ())}
            found[name] = op.model_copy(update={"places": tuple(sorted(places))})
    return dict(sorted(found.items()))


def _uses(meta_graph: Any, objects: Objects, functions: Functions) -> dict[Place, Running]:
    """Says what each place runs."""
    called: dict[bool, list[str]] = {False: [], True: []}
    for node in objects.functions.values():
        for name, trace in functions.traces(node).items():
            called[trace.training].append(name)
    for node in listed(objects.graph, LOSSES) or ():
        called[True] += concrete_functions(objects.graph.nodes[node])
    saving = [
        name
        for found in objects.graph.nodes
        for saveable in found.saveable_objects.values()
        for node in (saveable.save_function, saveable.restore_function)
        for name in concrete_functions(objects.graph.nodes[node])
    ]
    saver = meta_graph.saver_def
    return {
        "signatures": Running(graph=tensors_of(meta_graph.signature_def)),
        "inference": Running(functions=called[False]),
        "training": Running(functions=called[True]),
        "saver": Running((saver.save_tensor_name, saver.restore_op_name), saving),
    }


def _sizes(folder: Path) -> Sizes:
    variables = [path for path in (folder / "variables").glob("*") if path.is_file()]
    return Sizes(
        saved_model=(folder / SAVED_MODEL).stat().st_size,
        variables=sum(path.stat().st_size for path in variables),
    )
