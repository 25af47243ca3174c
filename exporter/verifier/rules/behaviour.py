"""Rules that a SavedModel keeps or breaks when it is run."""

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.errors import listing, reason
from exporter.verifier.comparison.collect import CALL_ERRORS, output_name
from exporter.verifier.rules.structure import NotApplicableError, needs, needs_images
from exporter.verifier.rules.trying import batch_for, but_training, left_by, tried_ways
from exporter.verifier.subjects.op_by_op import UnsupportedError
from exporter.verifier.subjects.recomputing import How, call_graph, recompute
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import (
    BARE,
    MOMENTUM,
    PART,
    PLAIN,
    Derivative,
    Inputs,
    flat,
    is_float,
    same_bits,
    unequal,
)
from exporter.verifier.subjects.tensor_kinds import shape_of
from exporter.verifier.subjects.usable_examples import usable

_IMAGES = ("zeros", "ones", "half", "ramp", "noise")
_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul"})
# Calls by which is told what is drawn at random; fewer may draw the same by chance.
_DRAWN_CALLS = 8
_SUM_TOLERANCE = 1e-3  # of a float32 softmax over at most some thousand classes


def any_batch_size(model: LoadedModel) -> Iterator[str]:
    """Calls with one example and with three."""
    ways = [way for way in tried_ways(model) if _has_batch(model, way)]
    needs(ways or not model.ways, "no input has a batch dimension")
    yield from but_training(model, ways, _wrong_batches)


def _wrong_batches(model: LoadedModel, way: str) -> Iterator[str]:
    for size in (1, 3):
        batch = batch_for(model, way, size)
        try:
            outputs = model.inference([way], batch.inputs)[way]
        except CALL_ERRORS as error:
            yield f"{way} expected a result for batch {size}, found an error: {reason(error)}"
            continue
        for key, value in outputs.items():
            # What is ragged or sparse has its rows in parts of other lengths.
            if value.shape[:1] != (size,) and not key.rpartition(" > ")[2].startswith(PART):
                name = output_name(way, key)
                yield f"{name} expected batch {size}, found shape {list(value.shape)}"


def inference_is_the_default(model: LoadedModel) -> Iterator[str]:
    """Compares calls without `training` and with False."""
    _needs_training(model)
    default_mode = model.interface.parameters["training"].default
    needs(default_mode is not inspect.Parameter.empty, "'training' has no default")
    inputs = batch_for(model, PLAIN).inputs
    for way in model.training_ways:
        if way not in model.ways:
            continue
        default, again = (flat(model.call(way, inputs)) for _ in range(2))
        told = flat(model.call(way, inputs, training=False))
        # What is drawn at random changes anyway.
        if changed := set(unequal(default, told)) - set(unequal(default, again)):
            yield f"{way} expected what training=False gives, found other {listing(changed)}"


def inference_changes_nothing(model: LoadedModel) -> Iterator[str]:
    """Looks for variables that a call in inference mode changes."""
    yield from but_training(model, tried_ways(model), _changes)


def _changes(model: LoadedModel, way: str) -> Iterator[str]:
    if changed := left_by(model, way):
        yield f"{way} expected no variable to change, found {len(changed)}: {listing(changed)}"


def outputs_are_finite(model: LoadedModel) -> Iterator[str]:
    """Looks for NaN and infinity on images in [0, 1]."""
    for way in tried_ways(model):
        for name, inputs in _ordinary(model, way):
            for key, value in model.inference([way], inputs)[way].items():
                if is_float(value) and not np.isfinite(value).all():
                    found = "NaN" if np.isnan(value).any() else "infinity"
                    told = output_name(way, key)
                    yield f"{told} expected finite numbers for {name}, found {found}"


def _ordinary(model: LoadedModel, way: str) -> Iterator[tuple[str, Inputs]]:
    """Yields what is ordinary for an image, or for other models what a user gave."""
    own = usable(model, way, model.examples)
    if own.given or not set(_IMAGES) - own.refused:
        yield "what was given", own.few().inputs
        return
    size = own.spec.fixed_batch() or 1
    for name in (name for name in _IMAGES if name not in own.refused):
        yield f"'{name}'", [np.stack([value] * size) for value in own.spec.probe(name)]


def features_have_no_dropout(model: LoadedModel) -> Iterator[str]:
    """Calls feature vectors twice in training mode."""
    needs_images(model)
    _needs_training(model)
    needs("feature_vector" in _served(model), "what is no feature_vector may have dropout")
    needs(PLAIN in model.training_ways, "there is no trace of __call__ in training mode")
    inputs = batch_for(model, PLAIN).inputs
    once, again = (model.training([PLAIN], inputs, {})[PLAIN].outputs for _ in range(2))
    if unequal(once, again):
        yield "expected equal features from two calls in training mode, found different ones"


def logits_are_logits(model: LoadedModel) -> Iterator[str]:
    """Looks for a softmax in front of what is called logits."""
    needs_images(model)
    needs("logits" in _served(model) and PLAIN in model.ways, "the model returns no logits")
    values = model.inference([PLAIN], batch_for(model, PLAIN, 3).inputs)[PLAIN].get(BARE)
    if values is None:
        raise NotApplicableError("__call__ returns no single tensor")
    if (values >= 0).all() and np.allclose(values.sum(axis=-1), 1, atol=_SUM_TOLERANCE):
        yield "expected logits, found probabilities that sum to 1"


def default_hyperparameters_are_true(model: LoadedModel) -> Iterator[str]:
    """Compares a training call without hyperparameters with one that gives their defaults."""
    _needs_training(model)
    defaults = model.hyperparameters
    needs(defaults, "there are no hyperparameters")
    inputs = batch_for(model, PLAIN).inputs
    before = model.variables()
    for way in model.training_ways:
        model.call(way, inputs, training=True)
        after = model.variables()
        model.assign(before)
        given = model.training([way], inputs, {})[way].variables
        changed = set(unequal(after, given))
        for _ in range(_DRAWN_CALLS if changed else 0):
            # Averages of what is drawn at random are equal after no two calls.
            changed -= set(unequal(given, model.training([way], inputs, {})[way].variables))
        if changed:
            told = ", ".join(f"{name}={value}" for name, value in defaults.items())
            yield (
                f"{way} expected the default to be {told}, found other values after a call in"
                f" {len(changed)} variables: {listing(changed)}"
            )


def momentum_is_for_training(model: LoadedModel) -> Iterator[str]:
    """Compares calls in inference mode with several momenta."""
    needs(MOMENTUM in model.hyperparameters, f"there is no argument '{MOMENTUM}'")
    inputs = batch_for(model, PLAIN).inputs
    for way in model.interface.ways(training=False):
        expected = flat(model.call(way, inputs))
        for momentum in (0.0, 0.997):
            given = {MOMENTUM: tf.constant(momentum, model.interface.dtypes[MOMENTUM])}
            if changed := unequal(expected, flat(model.call(way, inputs, **given))):
                told = f"{MOMENTUM}={momentum:g}"
                yield f"{way} expected the same with {told}, found other {listing(changed)}"


def hyperparameters_count(model: LoadedModel) -> Iterator[str]:
    """Checks that the batch-norm momentum is not ignored, and that no update is missing."""
    _needs_training(model)
    needs(MOMENTUM in model.hyperparameters, f"there is no argument '{MOMENTUM}'")
    inputs = batch_for(model, PLAIN).inputs
    before = model.variables()
    names = [n for n in before if n not in model.trainable and before[n].dtype.kind == "f"]
    for way in model.training_ways:
        kept = model.training([way], inputs, {MOMENTUM: 1.0})[way].variables
        moved = model.training([way], inputs, {MOMENTUM: 0.0})[way].variables
        if changed := [n for n in names if not same_bits(kept[n], before[n])]:
            yield f"{way} expected momentum 1 to keep all, found changes in {listing(changed)}"
        if still := [n for n in names if same_bits(moved[n], before[n])]:
            yield f"{way} expected momentum 0 to replace all, found unchanged {listing(still)}"


def gradients_flow(model: LoadedModel) -> Iterator[str]:
    """Differentiates the output by every trainable variable, in both modes."""
    needs(model.trainable, "no variable is listed as trainable")
    modes = ((True, model.training_ways[:1]), (False, tried_ways(model)[:1]))
    for training, way in ((mode, way) for mode, ways in modes for way in ways):
        inputs = batch_for(model, way).inputs
        outputs = model.inference([way], inputs)[way]
        missing = set(model.trainable)
        for target in (key for key, value in outputs.items() if is_float(value)):
            missing -= _reached(model, Derivative(way, target, inputs, training))
        if missing:
            yield (
                f"{way} with training={training} expected gradients for all variables, found none"
                f" for {listing(missing)}"
            )


def _reached(model: LoadedModel, asked: Derivative) -> set[str]:
    """Names the trainable variables to which gradients flow: traced, since numbers take longer."""
    flows: dict[str, Any] = {}

    def differentiate() -> None:
        with tf.GradientTape() as tape:
            value = model.loss(asked)
        flows.update(tape.gradient(value, model.interface.trainable_variables))

    tf.function(differentiate, autograph=False).get_concrete_function()
    return {name for name, gradient in flows.items() if gradient is not None}


class _EntersConvolutionError(Exception):
    """Carries what enters the first convolution."""


def images_are_rescaled(model: LoadedModel) -> Iterator[str]:
    """Looks at what enters the first convolution."""
    needs_images(model)
    needs(PLAIN in model.ways, "there is no __call__")
    images = model.input_spec.probe("noise")[0][None]
    try:
        recompute(call_graph(model, PLAIN), model, [images], How(intercept=_stop_at_convolution))
    except _EntersConvolutionError as seen:
        entering = np.asarray(seen.args[0])
    except UnsupportedError as error:
        raise NotApplicableError(f"its graph cannot be followed: {error}") from error
    else:
        raise NotApplicableError("there is no convolution")
    if entering.shape == images.shape and np.array_equal(entering, images):
        yield "expected an affine map before the first convolution, found the images themselves"


def _stop_at_convolution(node: Any, inputs: list[Any], _: dict[str, Any]) -> None:
    if node.op in _CONVOLUTIONS:
        raise _EntersConvolutionError(inputs[0])


def _has_batch(model: LoadedModel, way: str) -> bool:
    return any(shape_of(spec).rank != 0 for spec in model.spec_of(way).specs)


def _served(model: LoadedModel) -> set[str]:
    served = model.interface.signatures.get("serving_default")
    return set(served.structured_outputs) if served else set()


def _needs_training(model: LoadedModel) -> None:
    needs(model.training_ways, "no call in training mode was traced")
