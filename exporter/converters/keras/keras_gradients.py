"""Compares gradients with the SavedModel's, both in float64.

In float32 an activation whose last bit decides on which side of its corner it lies sends its
gradient back or not, and so does a maximum of two values that are nearly alike. Where few pixels
are left, one such value is a good part of all that a weight's gradient is added up from. Of
Inception V1 at 64 pixels, where four images leave 16 values a channel, one value of Mixed_5c is
5e-5 with the SavedModel's kernels and 0 with Keras': a gradient is 59 % of its largest value apart
in float32, and all are equal to the last bit in float64.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import tensorflow as tf

from exporter.converters.keras.keras_subject import KerasReference, KerasSubject
from exporter.verifier.comparison.allowance import IMAGE, Allowance
from exporter.verifier.comparison.collect import Collector, output_name
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Batch
from exporter.verifier.subjects.recomputing import How, call_graph, recompute
from exporter.verifier.subjects.subject import (
    BARE,
    END_POINTS,
    PLAIN,
    Derivative,
    Gradients,
    projected,
)
from slim_nets.keras_model import in_float64
from slim_nets.registry import Variant

# Of a gradient's largest value: far more than float64 needs, and less than any other formula gives.
_SHARE = 1e-6
# Of the largest value of all: what less is, is rounding alone, such as the gradient of what the
# next batch norm takes away; and what rounding may be.
_NOTHING, _ROUNDING = 1e-9, 1e-12


def compare_gradients(
    model: KerasSubject, reference: KerasReference, variant: Variant, batch: Batch
) -> list[Check]:
    """Compares gradients by every trainable variable, of both modes.

    In training mode those of the pooled features, in front of any dropout; in
    inference those of the output.

    Args:
        model: What is judged.
        reference: The SavedModel.
        variant: Which network.
        batch: What to run on.

    Returns:
        One check a variable and mode.
    """
    precise = replace(model, model=in_float64(model.model))
    checks = []
    for way, target, training in (
        (END_POINTS, f"{variant.network.scope}/global_pool", True),
        (PLAIN, BARE, False),
    ):
        if way not in (reference.training_ways if training else reference.ways):
            continue
        asked = Derivative(way, target, batch.inputs, training)
        expected = reference_gradients(reference, asked)
        largest = _largest(expected.values())
        collector = Collector(_allowance(largest))
        mode = f"{output_name(way, target)}, training={training}"
        found = collector.attempt("gradients", way, partial(precise.gradients, asked), mode)
        if found is not None:
            wanted, got = (_without_rounding(g, _NOTHING * largest) for g in (expected, found))
            collector.each("gradients", wanted, got, mode)
        checks += collector.checks()
    return checks


def reference_gradients(reference: KerasReference, asked: Derivative) -> Gradients:
    """Differentiates the SavedModel's graph, run op by op in float64.

    Args:
        reference: The SavedModel.
        asked: What is differentiated.

    Returns:
        Its gradients by variable, float64.
    """
    variables = {n: tf.constant(v, tf.float64) for n, v in reference.variables().items()}
    watched = {name: variables[name] for name in reference.trainable}
    graph = call_graph(reference, asked.way, training=asked.training)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        done = recompute(graph, reference, asked.inputs, How(tf.float64, variables))
        loss = projected(done.outputs[asked.target])
    found = tape.gradient(loss, watched)
    return {name: None if g is None else np.asarray(g) for name, g in found.items()}


def _allowance(largest: float) -> Allowance:
    why = f"both in float64: {_SHARE:g} of the largest value"
    return Allowance("rounding", _ROUNDING * largest, shares={IMAGE: _SHARE}, given_by=why)


def _largest(gradients: Iterable[np.ndarray | None]) -> float:
    return max((float(np.abs(g).max(initial=0.0)) for g in gradients if g is not None), default=0.0)


def _without_rounding(gradients: Gradients, least: float) -> Gradients:
    """Returns the same, but zeros for gradients that are so small everywhere."""
    return {
        name: np.zeros_like(g) if g is not None and _largest([g]) < least else g
        for name, g in gradients.items()
    }
