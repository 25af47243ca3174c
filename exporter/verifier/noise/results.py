"""Computes everything that has float noise once, on one batch, under some condition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.verifier.comparison.collect import group_of, named_outputs, shown_alone
from exporter.verifier.comparison.comparing import batch_of
from exporter.verifier.comparison.drawing import changing
from exporter.verifier.comparison.sgd_step import stepped, whole_batch
from exporter.verifier.comparison.training_settings import target_of
from exporter.verifier.noise import one_by_one
from exporter.verifier.noise.conditions import Reach
from exporter.verifier.report.records import Group
from exporter.verifier.subjects.examples import Batch, Examples, split
from exporter.verifier.subjects.op_by_op import UnsupportedError
from exporter.verifier.subjects.recomputing import How, call_graph, recompute
from exporter.verifier.subjects.subject import (
    PLAIN,
    Arrays,
    Derivative,
    Gradients,
    Inputs,
    ModelCallError,
    Subject,
    projected,
)
from exporter.verifier.subjects.usable_examples import same_inputs, typical_names

Key = tuple[Group, str]
Results = dict[Key, np.ndarray]

# Computes one way of calling on one batch.
Compute = Callable[[str, Inputs], Arrays]


def results_as_it_is(side: Subject, examples: Examples, reach: Reach) -> Results:
    """Runs a subject, as far as is asked."""
    found = inference_results(side, examples)
    batch = batch_of(side, examples)
    if batch is None or reach == "inference":
        return found
    alone = shown_alone(side.training_ways)
    for way in side.training_ways:
        try:
            call = side.training([way], batch.inputs, whole_batch(side))[way]
        except ModelCallError:
            continue  # which is not compared either
        drawn = changing(side, way, batch)
        outputs = {key: value for key, value in call.outputs.items() if key not in drawn}
        found |= _keyed("training", named_outputs(way, outputs, alone=alone))
        averages = call.variables.keys() - set(side.trainable)
        found |= _keyed("moving averages", {name: call.variables[name] for name in averages})
    losses, of_losses = side.losses()
    found |= _keyed("regularization", losses) | _keyed("regularization", of_losses)
    return found | (_gradients(side, batch, of_losses) if reach == "gradients" else {})


def inference_results(side: Subject, examples: Examples) -> Results:
    """Runs inference alone."""
    return _inference(side, examples, _as_it_is(side))


def results_image_by_image(side: Subject, examples: Examples) -> Results:
    """Runs inference one example at a time."""
    return _inference(side, examples, _as_it_is(side), size=1)


def results_of_rounded_weights(side: Subject, examples: Examples) -> Results:
    """Runs inference with weights that were rounded twice more.

    So are they when batch norms are folded into them: a factor is rounded, and
    its product. Two roundings of half a unit in the last place at most are 0.41
    units on average (the root of the mean square), as is one unit for one weight of six.
    """
    with _rounded(side):
        return inference_results(side, examples)


@contextmanager
def _rounded(side: Subject) -> Iterator[None]:
    """Has a subject's weights rounded twice more; afterwards they are as they were."""
    kept = {k: v for k, v in side.variables().items() if v.dtype == np.float32}
    random = np.random.RandomState(0)
    moved = {}
    for name, value in sorted(kept.items()):
        drawn = random.randint(12, size=value.shape)
        end = np.where(drawn == 0, np.float32(-np.inf), np.float32(np.inf))
        moved[name] = np.where(drawn < 2, np.nextafter(value, end), value)
    side.assign(moved)
    try:
        yield
    finally:
        side.assign(kept)


def results_of_sums_in_turn(side: Subject, examples: Examples) -> Results:
    """Runs inference op by op, means and fully connected layers added up term by term."""
    return _inference(side, examples, _op_by_op(side, How(intercept=one_by_one.in_turn())))


def float64_results(side: Subject, examples: Examples, reach: Reach) -> Results:
    """Runs the graphs op by op in float64, as far as their ops allow.

    Args:
        side: What is run.
        examples: On what.
        reach: How much of it, but for a step of SGD.

    Returns:
        The results.
    """
    batch = batch_of(side, examples)
    found = _inference(side, examples, _op_by_op(side, How(tf.float64)))
    alone = shown_alone(side.training_ways)
    if batch is None or reach == "inference":
        return found
    for way in side.training_ways:
        try:
            differentiated = side.trainable if reach == "gradients" and way == PLAIN else ()
            found |= _training64(side, way, batch, differentiated, alone=alone)
        except (UnsupportedError, ModelCallError):
            continue
    return found


def _as_it_is(side: Subject) -> Compute:
    return lambda way, inputs: side.inference([way], inputs)[way]


def _op_by_op(side: Subject, how: How) -> Compute:
    return lambda way, inputs: recompute(call_graph(side, way), side, inputs, how).arrays()


def _training64(
    side: Subject, way: str, batch: Batch, differentiated: Sequence[str], *, alone: bool
) -> Results:
    variables = {
        name: tf.convert_to_tensor(value, tf.float64 if value.dtype == np.float32 else None)
        for name, value in side.variables().items()
    }
    graph = call_graph(side, way, training=True)
    with tf.GradientTape() as tape:
        tape.watch([variables[name] for name in differentiated])
        done = recompute(graph, side, batch.inputs, How(tf.float64, variables, whole_batch(side)))
        drawn = changing(side, way, batch)
        outputs = {key: value for key, value in done.arrays().items() if key not in drawn}
        target, _ = target_of(outputs, set())
        loss = projected(done.outputs[target]) if target is not None else None
    found = _keyed("training", named_outputs(way, outputs, alone=alone))
    found |= _keyed("moving averages", {k: np.asarray(v) for k, v in done.assigned.items()})
    if differentiated and loss is not None:
        gradients = tape.gradient(loss, {name: variables[name] for name in differentiated})
        flowing = {k: np.asarray(g) for k, g in gradients.items() if g is not None}
        found |= _keyed("gradients", flowing)
    return found


def _inference(side: Subject, examples: Examples, run: Compute, size: int | None = None) -> Results:
    """Runs inference on so many examples at a time: all, or as many as the model must have."""
    found: Results = {}
    groups = same_inputs(side, side.ways, examples)
    rows = typical_names(groups)
    for group in groups:
        batch = group.examples.typical()
        fixed = group.examples.spec.fixed_batch()
        parts = list(split(batch, fixed or size or len(batch.names)))
        for way in group.ways:
            whole = _concatenated(way, parts, run, alone=shown_alone(side.ways))
            # The last part may begin anew to be full.
            own = {k: v[: len(batch.names)] for k, v in whole.items()}
            rowed = {k: _placed(v, batch.names, rows) for k, v in own.items()}
            found |= _keyed(group_of(way), rowed)
    return found


def _concatenated(way: str, parts: Sequence[Batch], run: Compute, *, alone: bool) -> Arrays:
    """Runs all parts; nothing where that cannot be done."""
    try:
        outputs = [named_outputs(way, run(way, part.inputs), alone=alone) for part in parts]
    except (UnsupportedError, ModelCallError):
        return {}
    columns = {k: [np.atleast_1d(o[k]) for o in outputs] for k in outputs[0]}
    # What is as wide as the longest example of each part has no columns in common.
    return {k: np.concatenate(v) for k, v in columns.items() if len({a.shape[1:] for a in v}) == 1}


def _placed(value: np.ndarray, names: tuple[str, ...], rows: tuple[str, ...]) -> np.ndarray:
    """Puts rows where those of all ways of calling are; what one way is not given is zero."""
    if names == rows or value.shape[:1] != (len(names),):
        return value
    placed = np.zeros((len(rows), *value.shape[1:]), value.dtype)
    placed[[rows.index(name) for name in names]] = value
    return placed


def _gradients(side: Subject, batch: Batch, of_losses: Gradients) -> Results:
    if PLAIN not in side.training_ways:
        return {}
    try:
        drawn = changing(side, PLAIN, batch)
    except ModelCallError:
        return {}  # which is not compared either
    outputs = side.inference([PLAIN], batch.inputs)[PLAIN]
    target, training = target_of(outputs, drawn)
    if target is None:
        return {}
    gradients = side.gradients(Derivative(PLAIN, target, batch.inputs, training))
    after = stepped(side, gradients, of_losses, batch)
    found = _keyed("gradients", gradients)
    found |= _keyed("SGD step", after.weights | after.averages)
    for way, outputs in after.outputs.items():
        found |= _keyed("SGD step", named_outputs(way, outputs, alone=True))
    return found


def _keyed(group: Group, values: Mapping[str, Any]) -> Results:
    return {
        (group, name): value
        for name, value in values.items()
        if value is not None and value.dtype.kind == "f"
    }
