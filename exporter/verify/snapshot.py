"""Computes everything that has float noise once, on one batch, under some condition."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.verify.collect import group_of, named_outputs
from exporter.verify.evaluate import How, evaluate, program_of
from exporter.verify.fine_tuning import changing, stepped, target_of
from exporter.verify.probes import Batch, split
from exporter.verify.program import UnsupportedError
from exporter.verify.report import Group
from exporter.verify.subject import PLAIN, Arrays, Subject, projected

Key = tuple[Group, str]
Snapshot = dict[Key, np.ndarray]

# Moving averages take over a batch's statistics in full, with all of their noise.
_SETTING = {"batch_norm_momentum": 0.0}


def snapshot(side: Subject, batch: Batch) -> Snapshot:
    """Runs a subject as it is: inference, training mode, gradients, a step of SGD, losses."""
    found = _inference(side, lambda way: side.inference([way], batch.inputs)[way])
    alone = _alone(side.training_ways)
    for way in side.training_ways:
        call = side.training([way], batch.inputs, _setting(side))[way]
        drawn = changing(side, way, batch)
        outputs = {key: value for key, value in call.outputs.items() if key not in drawn}
        found |= _keyed("training", named_outputs(way, outputs, alone=alone))
        averages = call.variables.keys() - set(side.trainable)
        found |= _keyed("moving averages", {name: call.variables[name] for name in averages})
    return found | _gradients(side, batch)


def split_snapshot(side: Subject, batch: Batch) -> Snapshot:
    """Runs inference one example at a time."""

    def one_by_one(way: str) -> Arrays:
        parts = [side.inference([way], single.inputs)[way] for single in split(batch, 1)]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    return _inference(side, one_by_one)


def float64_snapshot(side: Subject, batch: Batch) -> Snapshot:
    """Runs the graphs op by op in float64, as far as their ops allow."""

    def in_float64(way: str) -> Arrays:
        return evaluate(program_of(side, way), side, batch.inputs, How(tf.float64)).arrays()

    found = _inference(side, in_float64)
    alone = _alone(side.training_ways)
    for way in side.training_ways:
        try:
            found |= _training64(side, way, batch, alone=alone)
        except UnsupportedError:
            continue
    return found


def _training64(side: Subject, way: str, batch: Batch, *, alone: bool) -> Snapshot:
    variables = {
        name: tf.convert_to_tensor(value, tf.float64 if value.dtype == np.float32 else None)
        for name, value in side.variables().items()
    }
    program = program_of(side, way, training=True)
    with tf.GradientTape() as tape:
        tape.watch([variables[name] for name in side.trainable])
        done = evaluate(program, side, batch.inputs, How(tf.float64, variables, _setting(side)))
        drawn = changing(side, way, batch)
        outputs = {key: value for key, value in done.arrays().items() if key not in drawn}
        target = target_of(outputs, set())
        loss = projected(done.outputs[target]) if target is not None else None
    found = _keyed("training", named_outputs(way, outputs, alone=alone))
    found |= _keyed("moving averages", {k: np.asarray(v) for k, v in done.assigned.items()})
    if way == PLAIN and loss is not None:
        gradients = tape.gradient(loss, {name: variables[name] for name in side.trainable})
        flowing = {k: np.asarray(g) for k, g in gradients.items() if g is not None}
        found |= _keyed("gradients", flowing)
    return found


def _inference(side: Subject, run: Callable[[str], Arrays]) -> Snapshot:
    found: Snapshot = {}
    alone = _alone(side.ways)
    for way in side.ways:
        try:
            found |= _keyed(group_of(way), named_outputs(way, run(way), alone=alone))
        except UnsupportedError:
            continue
    return found


def _gradients(side: Subject, batch: Batch) -> Snapshot:
    losses, of_losses = side.losses()
    found = _keyed("regularization", losses)
    found |= _keyed("regularization", of_losses)
    if PLAIN not in side.training_ways:
        return found
    drawn = changing(side, PLAIN, batch)
    outputs = side.inference([PLAIN], batch.inputs)[PLAIN]
    target, training = target_of(outputs, drawn), True
    if target is None:
        target, training = target_of(outputs, set()), False
    if target is None:
        return found
    gradients = side.gradients(PLAIN, target, batch.inputs, training=training)
    weights, after = stepped(side, gradients, of_losses, batch)
    found |= _keyed("gradients", gradients)
    return found | _keyed("SGD step", weights | named_outputs(PLAIN, after, alone=True))


def _keyed(group: Group, values: Mapping[str, Any]) -> Snapshot:
    return {
        (group, name): value
        for name, value in values.items()
        if value is not None and value.dtype.kind == "f"
    }


def _alone(ways: tuple[str, ...]) -> bool:
    return sum(group_of(way) == "end points" for way in ways) <= 1


def _setting(side: Subject) -> dict[str, float]:
    return {name: value for name, value in _SETTING.items() if name in side.hyperparameters}
