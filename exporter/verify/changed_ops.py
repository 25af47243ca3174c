"""Hypotheses that one kind of op was built in another way."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.verify.evaluate import How, Program, evaluate, program_of
from exporter.verify.program import Intercept
from exporter.verify.subject import PLAIN
from exporter.verify.suspect import Suspect, explained

EPSILONS = (1e-3, 1e-4, 1e-5, 1e-6, 1.001e-5, 2e-5, 1e-8)
_ROUNDED, _EXACT = np.float32(0.16667), np.float32(1 / 6)
# Trying more places one by one would take longer than reading the first differing end point.
_MAX_PLACES = 12


def changed_ops(make: Callable[[], Iterator[tuple[str, Intercept]]]) -> Callable[[Suspect], str]:
    """Runs the reference op by op with one op changed, everywhere and then place by place."""

    def evidence(suspect: Suspect) -> str:
        program = program_of(suspect.reference, PLAIN)
        found, expected = suspect.outputs(suspect.model), suspect.outputs(suspect.reference)
        for told, intercept in make():
            seen: list[str] = []
            for only in (None, *_places(intercept, suspect, program, seen)):
                how = How(intercept=_within(intercept, only, []))
                mistaken = evaluate(program, suspect.reference, suspect.batch.inputs, how)
                wrong = next(iter(mistaken.arrays().values()))
                if left := explained(expected, found, wrong):
                    return f"{told}{f' in {only} alone' if only else ''}: {left}"
        return ""

    return evidence


def _places(intercept: Intercept, suspect: Suspect, program: Program, seen: list[str]) -> list[str]:
    """Returns the names of the nodes that a change would meet; single ones are tried if few."""
    how = How(intercept=_within(intercept, None, seen))
    evaluate(program, suspect.reference, suspect.batch.inputs, how)
    return seen if 1 < len(seen) <= _MAX_PLACES else []


def _within(intercept: Intercept, only: str | None, seen: list[str]) -> Intercept:
    def chosen(node: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        if only is not None and node.name != only:
            return None
        result = intercept(node, inputs, attributes)
        if result is not None:
            seen.append(node.name)
        return result

    return chosen


def epsilons() -> Iterator[tuple[str, Intercept]]:
    """Yields changes of the epsilon of every batch norm."""
    for epsilon in EPSILONS:

        def change(
            node: Any, inputs: list[Any], attributes: dict[str, Any], epsilon: float = epsilon
        ) -> Any:
            if not node.op.startswith("FusedBatchNorm"):
                return None
            x, scale, offset, mean, variance = inputs
            if np.isclose(attributes.get("epsilon", 1e-4), epsilon, rtol=1e-4):
                return None
            return tf.raw_ops.FusedBatchNormV3(
                x=x,
                scale=scale,
                offset=offset,
                mean=mean,
                variance=variance,
                epsilon=epsilon,
                is_training=False,
            )

        yield f"epsilon {epsilon:g}", change


def gates() -> Iterator[tuple[str, Intercept]]:
    """Yields changes of the slope of hard sigmoids."""
    for slope, other, told in (
        (_ROUNDED, _EXACT, "1/6 for 0.16667"),
        (_EXACT, _ROUNDED, "0.16667 for 1/6"),
    ):

        def change(
            node: Any,
            _: list[Any],
            attributes: dict[str, Any],
            slope: np.float32 = slope,
            other: np.float32 = other,
        ) -> Any:
            if node.op != "Const" or attributes["dtype"] != tf.float32:
                return None
            value = tf.make_ndarray(attributes["value"])
            return tf.constant(other) if value.shape == () and value == slope else None

        yield f"slope {told}", change


def paddings() -> Iterator[tuple[str, Intercept]]:
    """Yields a change of the padding of convolutions with strides."""
    ops = {"Conv2D": tf.raw_ops.Conv2D, "DepthwiseConv2dNative": tf.raw_ops.DepthwiseConv2dNative}

    def change(node: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        strides = attributes.get("strides", [1, 1, 1, 1])
        if node.op not in ops or strides[1] == 1 or attributes.get("padding") != "SAME":
            return None
        height, width = inputs[1].shape[:2]
        if height == 1:
            return None
        around = [[0, 0], [height // 2] * 2, [width // 2] * 2, [0, 0]]
        padded = tf.pad(inputs[0], around)
        return ops[node.op](input=padded, filter=inputs[1], strides=strides, padding="VALID")

    yield "the same padding on all sides", change
