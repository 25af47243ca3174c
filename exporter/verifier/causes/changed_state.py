"""Hypotheses about inputs, weights and their updates."""

from collections.abc import Callable, Mapping

import numpy as np

from exporter.errors import listing
from exporter.verifier.causes.differing_model import DifferingModel, explained
from exporter.verifier.subjects.subject import MOMENTUM, PLAIN, Arrays, same_bits, unequal
from slim_nets.network import Build

# Of the largest value; another class's logits would be far off.
_NEAR = 0.01
# Of averages and their size: a fitted momentum has the rounding of those it was fitted to.
_SAME = 1e-3
# The momentum with which is tried whether it counts; nobody would wire it in.
_GIVEN = 0.5
_NORMALIZATION = frozenset({"gamma", "beta", "moving_mean", "moving_variance"})


def raw_weights_used(differing: DifferingModel) -> str:
    """Compares the model's weights with the checkpoint's raw values."""
    found, expected = differing.model.variables(), differing.reference.variables()
    telling = [
        name
        for name, raw in differing.raw_weights.items()
        if name in found and not same_bits(raw, expected[name])
    ]
    same = [n for n in telling if same_bits(found[n], differing.raw_weights[n])]
    if not telling or len(same) < len(telling):
        return ""
    return f"{len(same)} variables have the checkpoint's raw values"


def changed_inputs(
    told: Mapping[str, Callable[[np.ndarray], np.ndarray]],
) -> Callable[[DifferingModel], str]:
    """Runs the reference itself on changed images."""

    def evidence(differing: DifferingModel) -> str:
        if differing.reference.input_spec.image_size is None:
            return ""
        found, expected = differing.outputs(differing.model), differing.outputs(differing.reference)
        for name, change in told.items():
            images = np.asarray(change(differing.batch.inputs[0]), np.float32)
            called = differing.reference.inference([PLAIN], [images])[PLAIN]
            if left := explained(expected, found, next(iter(called.values()))):
                return f"{name}: {left.told}"
        return ""

    return evidence


def background_missing(differing: DifferingModel) -> str:
    """Compares the outputs with the reference's from the second on."""
    variant = differing.network.variant
    if variant is not None and not variant.background:
        return ""
    found, expected = differing.outputs(differing.model), differing.outputs(differing.reference)
    if found.shape != (*expected.shape[:-1], expected.shape[-1] - 1):
        return ""
    left = float(np.max(np.abs(found - expected[..., 1:])))
    if left > _NEAR * float(np.max(np.abs(expected))):
        return ""
    return (
        f"the {found.shape[-1]} outputs are the reference's from the second on, within {left:.3g}"
    )


def other_widths(build: Build) -> Callable[[DifferingModel], str]:
    """Looks for a variable that has the shape that another build of the network gives it."""

    def evidence(differing: DifferingModel) -> str:
        variant = differing.network.variant
        assert variant is not None, "only known networks have mistakes of their own"
        found, expected = differing.model.variables(), differing.reference.variables()
        for spec in variant.shape("classification", build).variables:
            if spec.name not in found or spec.name not in expected:
                continue
            shape = expected[spec.name].shape
            if found[spec.name].shape == spec.shape != shape:
                return f"{spec.name} has {spec.shape[-1]} channels, not {shape[-1]}"
        return ""

    return evidence


def _averages(differing: DifferingModel, momentum: float | None) -> tuple[Arrays, Arrays, Arrays]:
    """Returns moving averages of both sides after a training call, and the reference's before."""
    given = {} if momentum is None else {MOMENTUM: momentum}
    way = differing.reference.training_ways[0]
    sides = []
    for side in (differing.model, differing.reference):
        after = side.training([way], differing.batch.inputs, given)[way].variables
        sides.append({n: v for n, v in after.items() if n not in side.trainable})
    before = differing.reference.variables()
    return sides[0], sides[1], {name: before[name] for name in sides[1]}


def momentum_ignored(differing: DifferingModel) -> str:
    """Looks for another momentum that gives the model's averages."""
    if not {MOMENTUM} <= differing.reference.hyperparameters.keys() or not _trains(differing):
        return ""
    found, expected, _ = _averages(differing, _GIVEN)
    if not unequal(expected, found):
        return ""
    momentum = _fitted(found, differing)
    if abs(momentum - _GIVEN) < _SAME:
        return ""
    _, other, _ = _averages(differing, momentum)
    if any(not np.allclose(found[n], v, rtol=_SAME, atol=_SAME) for n, v in other.items()):
        return ""
    return f"momentum {_GIVEN:g} gives the averages of {momentum:.4g}"


def _fitted(found: Arrays, differing: DifferingModel) -> float:
    """Returns the momentum that comes nearest to averages, by least squares."""
    _, replaced, before = _averages(differing, 0.0)
    names = [name for name in replaced if name in found and found[name].shape == before[name].shape]
    kept = np.concatenate([(before[n] - replaced[n]).ravel() for n in names]).astype(np.float64)
    left = np.concatenate([(found[n] - replaced[n]).ravel() for n in names]).astype(np.float64)
    return float(np.clip(kept @ left / (kept @ kept or 1.0), 0.0, 1.0))


def updates_not_run(differing: DifferingModel) -> str:
    """Looks for moving averages that a training call leaves alone."""
    if not _trains(differing):
        return ""
    found, expected, before = _averages(differing, None)
    moving = unequal(before, expected)
    still = [name for name in moving if name in found and name not in unequal(before, found)]
    told = f"{len(still)} of {len(moving)} moving averages stay after a training call"
    return f"{told}: {listing(still)}" if still else ""


def batch_norm_folded(differing: DifferingModel) -> str:
    """Looks for batch norms whose variables are gone."""
    found, expected = differing.model.variables(), differing.reference.variables()
    lost = [n for n in expected if n.rsplit("/", 1)[-1] in _NORMALIZATION and n not in found]
    if not lost or not differing.model.trainable:
        return ""
    return f"{len(lost)} variables of batch norms are gone: {listing(lost)}"


def _trains(differing: DifferingModel) -> bool:
    way = differing.reference.training_ways[:1]
    return bool(way) and way[0] in differing.model.training_ways
