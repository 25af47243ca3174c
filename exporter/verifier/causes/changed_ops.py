"""Hypotheses that one kind of op was built in another way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.verifier.causes.differing_model import DifferingModel, Explanation, explained
from exporter.verifier.subjects.op_by_op import Intercept
from exporter.verifier.subjects.recomputing import CallGraph, How, call_graph, recompute
from exporter.verifier.subjects.subject import PLAIN

EPSILONS = (1e-3, 1e-4, 1e-5, 1e-6, 1.001e-5, 2e-5, 1e-8)
_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
# Trying more places one by one would take longer than reading the first differing end point.
_MAX_PLACES = 12


@dataclass(frozen=True)
class OpChange:
    """One way in which ops may have been built.

    Attributes:
        told: What it is called.
        meets: Says whether it concerns a node with these attributes.
        apply: Changes its inputs or attributes in place.
    """

    told: str
    meets: Callable[[Any, dict[str, Any]], bool]
    apply: Callable[[list[Any], dict[str, Any]], None]


def changed_ops(changes: tuple[OpChange, ...]) -> Callable[[DifferingModel], str]:
    """Runs the reference with ops changed, everywhere and then place by place.

    In float64, so that what a small change does is not lost in rounding.

    Args:
        changes: Each is tried by itself.

    Returns:
        What says how the model matches one of them; empty if it does not.
    """

    def evidence(differing: DifferingModel) -> str:
        graph = call_graph(differing.reference, PLAIN)
        found, expected = differing.outputs(differing.model), differing.outputs(differing.reference)
        base = _run(differing, graph, None)

        def tried(change: OpChange, only: str | None, seen: list[str]) -> Explanation | None:
            changed = _run(differing, graph, _within(change, only, seen))
            return explained(expected, found, changed, base)

        places: dict[OpChange, list[str]] = {change: [] for change in changes}
        everywhere = {f"{c.told}": tried(c, None, seen) for c, seen in places.items()}
        if told := _nearest(everywhere):
            return told
        alone = {
            f"{change.told} in {only} alone": tried(change, only, [])
            for change, seen in places.items()
            for only in (seen if 1 < len(seen) <= _MAX_PLACES else ())
        }
        return _nearest(alone)

    return evidence


def _nearest(tried: dict[str, Explanation | None]) -> str:
    """Says which change leaves least, where any explains enough."""
    found = {told: explanation for told, explanation in tried.items() if explanation}
    best = min(found, key=lambda told: found[told], default=None)
    return f"{best}: {found[best].told}" if best else ""


def _run(differing: DifferingModel, graph: CallGraph, intercept: Intercept | None) -> np.ndarray:
    how = How(tf.float64, intercept=intercept)
    computed = recompute(graph, differing.reference, differing.batch.inputs, how)
    return next(iter(computed.arrays().values()))


def _within(change: OpChange, only: str | None, seen: list[str]) -> Intercept:
    """Changes all nodes, or one; notes which."""

    def intercept(node: Any, inputs: list[Any], attributes: dict[str, Any]) -> None:
        if (only is None or node.name == only) and change.meets(node, attributes):
            change.apply(inputs, attributes)
            seen.append(node.name)

    return intercept


def _epsilon(epsilon: float) -> OpChange:
    def meets(node: Any, attributes: dict[str, Any]) -> bool:
        has = attributes.get("epsilon", 1e-4)
        return node.op.startswith("FusedBatchNorm") and not np.isclose(has, epsilon, rtol=1e-4)

    def apply(_: list[Any], attributes: dict[str, Any]) -> None:
        attributes["epsilon"] = epsilon

    return OpChange(f"epsilon {epsilon:g}", meets, apply)


def other_constant(right: float, wrong: float) -> tuple[OpChange, ...]:
    """Makes the changes of one number in a graph to another, and the other way round."""
    return _constant(right, wrong), _constant(wrong, right)


def _constant(there: float, other: float) -> OpChange:
    def meets(node: Any, attributes: dict[str, Any]) -> bool:
        if node.op != "Const" or not attributes["dtype"].is_floating:
            return False
        value = tf.make_ndarray(attributes["value"])
        return bool(value.shape == () and value == np.float32(there))

    def apply(_: list[Any], attributes: dict[str, Any]) -> None:
        attributes["value"] = tf.make_tensor_proto(np.float32(other))

    return OpChange(f"{other:.6g} for {there:.6g}", meets, apply)


def _padded(node: Any, attributes: dict[str, Any]) -> bool:
    strides = attributes.get("strides", [1, 1, 1, 1])
    return node.op in _CONVOLUTIONS and strides[1] > 1 and attributes.get("padding") == "SAME"


def _pad(inputs: list[Any], attributes: dict[str, Any]) -> None:
    height, width = inputs[1].shape[:2]
    inputs[0] = tf.pad(inputs[0], [[0, 0], [height // 2] * 2, [width // 2] * 2, [0, 0]])
    attributes["padding"] = "VALID"


EPSILON = tuple(_epsilon(epsilon) for epsilon in EPSILONS)
PADDING = (OpChange("the same padding on all sides", _padded, _pad),)
