"""The rule that servers run what the loaded object runs.

`tf.saved_model.load` takes signatures from the object graph. TensorFlow Serving,
`saved_model_cli` and converters take them from the graph and its `SignatureDef`s.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.errors import VerificationError, reason
from exporter.protobufs import SAVED_MODEL, read_saved_model
from exporter.verifier.rules.structure import needs
from exporter.verifier.subjects.examples import FULL
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import Arrays, as_array, unequal
from exporter.verifier.subjects.usable_examples import no_inputs, same_inputs, usable

_METHODS = "tensorflow/serving/"
# Of the largest value. A session optimizes across the border of the signature's function and may
# round in another order, as with another batch size; exports of ours give equal bits.
_SESSION_ROUNDING = 1e-5


def servers_run_the_signature(model: LoadedModel) -> Iterator[str]:
    """Runs every signature as a server does."""
    needs(model.interface.signatures, "there are no signatures")
    needs((model.folder / SAVED_MODEL).is_file(), "the model is not in binary form")
    (graph, *others) = read_saved_model(model.folder, VerificationError).meta_graphs
    tags = sorted(graph.meta_info_def.tags)
    if others or tags != ["serve"]:
        yield f"expected one graph with the tag serve, found {1 + len(others)} with {tags}"
        return
    ways = model.interface.signature_ways
    needs(same_inputs(model, ways, model.examples), no_inputs(model, next(iter(ways))))
    for name, way in zip(model.interface.signatures, ways, strict=True):
        if name not in graph.signature_def:
            yield f"{way} expected a SignatureDef of that name, found none"
            continue
        definition = graph.signature_def[name]
        if not definition.method_name.startswith(_METHODS):
            yield f"{way} expected a method {_METHODS}..., found '{definition.method_name}'"
        if wrong := _differs(model, way, definition):
            yield f"{way} {wrong}"


def _differs(model: LoadedModel, way: str, definition: Any) -> str:
    """Says how a server's results differ from the object's; empty if they do not."""
    own = usable(model, way, model.examples)
    if not own.names or not _is_dense(definition):
        return ""  # nothing can be made up for it, or fed as one tensor
    inputs = own.few(FULL.training_batch).inputs
    expected, again = (model.inference([way], inputs)[way] for _ in range(2))
    if unequal(expected, again):
        return ""  # it draws at random
    named = dict(zip(model.signature_inputs(way), own.spec.fed(inputs), strict=True))
    for kind, wanted, there in (
        ("inputs", named, definition.inputs),
        ("outputs", expected, definition.outputs),
    ):
        if sorted(wanted) != sorted(there):
            return f"expected the {kind} {sorted(wanted)}, found {sorted(there)} for servers"
    try:
        found = _served(model, definition, named)
    except (tf.errors.OpError, LookupError, RuntimeError, TypeError, ValueError) as error:
        return f"expected a result for servers, found an error: {reason(error)}"
    for key, value in expected.items():
        if not _near(value, as_array(found[key])):
            return f"expected the same for servers, found another '{key}'"
    return ""


def _is_dense(definition: Any) -> bool:
    infos = (*definition.inputs.values(), *definition.outputs.values())
    return all(info.WhichOneof("encoding") == "name" for info in infos)


def _served(model: LoadedModel, definition: Any, named: dict[str, np.ndarray]) -> Arrays:
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.compat.v1.saved_model.load(session, ["serve"], str(model.folder))
        fetches = {key: info.name for key, info in definition.outputs.items()}
        feeds = {definition.inputs[key].name: value for key, value in named.items()}
        found: Arrays = session.run(fetches, feeds)
        return found


def _near(expected: np.ndarray, found: np.ndarray) -> bool:
    if expected.dtype.kind not in "fc" or expected.shape != found.shape:
        return bool(np.array_equal(expected, found))
    finite = np.where(np.isfinite(expected), expected, 0)
    largest = float(np.max(np.abs(finite), initial=0.0))
    allowed = _SESSION_ROUNDING * largest
    return bool(np.allclose(expected, found, rtol=0, atol=allowed, equal_nan=True))
