"""Compares gradients with the SavedModel's, within the float noise of each of them."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from exporter.converters.keras.keras_subject import KerasReference, KerasSubject
from exporter.verifier.comparison.allowance import OTHERS, Allowance, Noise
from exporter.verifier.comparison.collect import Collector, output_name
from exporter.verifier.noise.results import rounded
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
from slim_nets.registry import Variant

# An activation whose last bit decides on which side of its corner it lies sends its gradient
# back or not. One draw of weights in four crossed what Keras' kernels do with some networks.
_DRAWS = 8


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
    checks = []
    for way, target, training in (
        (END_POINTS, f"{variant.network.scope}/global_pool", True),
        (PLAIN, BARE, False),
    ):
        if way not in (reference.training_ways if training else reference.ways):
            continue
        asked = Derivative(way, target, batch.inputs, training)
        expected, noise = reference_gradients(reference, asked)
        collector = Collector(Allowance("noise", noise=noise))
        mode = f"{output_name(way, target)}, training={training}"
        found = collector.attempt("gradients", way, partial(model.gradients, asked), mode)
        if found is not None:
            collector.each("gradients", expected, found, mode)
        checks += collector.checks()
    return checks


def reference_gradients(reference: KerasReference, asked: Derivative) -> tuple[Gradients, Noise]:
    """Differentiates the SavedModel, as it is and in other ways that are as right.

    Args:
        reference: The SavedModel.
        asked: What is differentiated.

    Returns:
        Its gradients by variable, and the float noise in them.
    """
    expected = reference.gradients(asked)
    others = [_in_float64(reference, asked)]
    for seed in range(_DRAWS):
        with rounded(reference, seed):
            others.append(reference.gradients(asked))
    return expected, _noise(expected, others)


def _in_float64(reference: KerasReference, asked: Derivative) -> Gradients:
    """Differentiates the SavedModel's graph, run op by op in float64."""
    variables = {n: tf.constant(v, tf.float64) for n, v in reference.variables().items()}
    watched = {name: variables[name] for name in reference.trainable}
    graph = call_graph(reference, asked.way, training=asked.training)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        done = recompute(graph, reference, asked.inputs, How(tf.float64, variables))
        loss = projected(done.outputs[asked.target])
    found = tape.gradient(loss, watched)
    return {name: None if g is None else np.asarray(g) for name, g in found.items()}


def _noise(expected: Gradients, others: Sequence[Gradients]) -> Noise:
    """Says how far each gradient is from others that are as right.

    One may be near by chance, so that of another order of additions is not: each
    has at least the noise that half of them have, relative to its largest value.
    """
    gaps, sizes = {}, {}
    for name, value in expected.items():
        known = [g for other in others if (g := other.get(name)) is not None]
        if value is not None and known:
            gaps[name] = max(float(np.abs(value - g).max(initial=0.0)) for g in known)
            sizes[name] = float(np.abs(value).max(initial=0.0))
    least = float(np.median([gaps[n] / sizes[n] for n in gaps if sizes[n]] or [0.0]))
    return {("gradients", n): {OTHERS: max(gap, least * sizes[n])} for n, gap in gaps.items()}
