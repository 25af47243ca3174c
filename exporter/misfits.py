"""Says why a checkpoint does not fit a network, and what to do about it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from checkpoints.names import roots
from exporter.errors import RestoreError, listing
from exporter.fitting import DTYPE, Fit, Misfit, fitting, flags_of

# Under which tf.train.Checkpoint keeps its graph of objects.
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
# As tf.contrib.quantize calls what it adds to a graph, for weights and activations.
_FAKE_QUANT = re.compile(r"_quant/(min|max)(:0)?$")
# As the Object Detection API calls what comes after a backbone.
_DETECTOR = re.compile(r"BoxPredictor|BoxHead")


@dataclass(frozen=True, slots=True)
class MisfitCause:
    """A reason why a checkpoint does not fit.

    Attributes:
        holds: Whether it is the reason.
        says: What is wrong with the checkpoint, what was expected and found, and what to do.
    """

    holds: Callable[[Fit], bool]
    says: Callable[[Fit], str]


def check_fit(fit: Fit, source: object) -> None:
    """Refuses a checkpoint that does not fit, or that a float network would compute otherwise.

    Args:
        fit: The checkpoint and the network.
        source: What the checkpoint is called.

    Raises:
        RestoreError: With the first cause that holds.
    """
    if fit.misfits:
        says = next(cause.says for cause in _CAUSES if cause.holds(fit))
        raise RestoreError(f"Checkpoint '{source}' {says(fit)}")
    if gammas := _unread_gammas(fit):
        raise RestoreError(
            f"Checkpoint '{source}' has batch norms with gamma: expected none of"
            f" {fit.variant.name}, which has no scales, found {_quoted(gammas)}. Use one of a"
            " training whose batch norms were built with scale=False, as TF-Slim's are."
        )
    ranges = fake_quant_ranges(fit.tensors)
    if ranges and not fit.options.ignore_fake_quant:
        raise RestoreError(
            f"Checkpoint '{source}' is one of quantization-aware training: expected a float"
            f" network's variables alone, found {len(ranges)} ranges of fake quantization:"
            f" {_quoted(ranges)}. A float model of it leaves out the rounding that its weights were"
            " trained with, so neither its outputs nor its accuracy are those of the training. Use"
            " --ignore_fake_quant to export it all the same, or a checkpoint of float training."
        )


def check_classes(fit: Fit, source: object) -> None:
    """Refuses a checkpoint of another number of classes than the one that is asked for, if any.

    Args:
        fit: The checkpoint and the network as it is asked for.
        source: What the checkpoint is called.

    Raises:
        RestoreError: If they differ, or a function builds as many as it likes.
    """
    asked = fit.variant.own_classes
    if asked is None:
        return
    if fit.classes not in (None, asked):
        raise RestoreError(
            f"Checkpoint '{source}' has another number of classes: expected {asked}, found"
            f" {fit.classes}. Leave out --num_classes, or check --checkpoint."
        )
    if fit.task == "classification" and (made := fit.variant.shape(fit.task).output[0]) != asked:
        raise RestoreError(
            f"Network '{fit.variant.name}' has a number of classes of its own: expected {asked},"
            f" found {made}. Leave out --num_classes."
        )


def fake_quant_ranges(names: Iterable[str]) -> list[str]:
    """Lists the tensors that quantization-aware training adds to those of a network."""
    return sorted(name for name in names if _FAKE_QUANT.search(name))


def _is_object_based(fit: Fit) -> bool:
    return _OBJECT_GRAPH in fit.tensors


def _object_based(fit: Fit) -> str:
    return (
        f"is object-based, as tf.train.Checkpoint, Keras and SavedModels of TensorFlow 2 write"
        f" them: expected names of TF-Slim such as '{fit.specs[0].name}', found '{_OBJECT_GRAPH}'"
        f" among {_held(fit)}. Save the network's variables under their names with"
        " tf.compat.v1.train.Saver."
    )


def _other_flags(fit: Fit) -> str:
    fits = fitting(fit)
    assert fits is not None
    scope = fits.options.checkpoint_scope
    if scope == fit.options.checkpoint_scope:
        return f"{_unfit(fit)}. {flags_of(fits, fit)}"
    first = fit.specs[0].name
    expected, found = fit.names[first], fits.names[fits.specs[0].name]
    where = f"below '{scope}/'" if scope else "without a scope"
    return (
        f"has its variables elsewhere: expected '{expected}', found '{found}'. All"
        f" {len(fits.names)} names of {fits.variant.name} as {fits.task} fit {where}."
        f" {flags_of(fits, fit)}"
    )


def _is_retyped(fit: Fit) -> bool:
    return all(m.found and m.found.shape == m.spec.shape for m in fit.nearest.misfits)


def _retyped(fit: Fit) -> str:
    misfits = fit.nearest.misfits
    types = listing({misfit.found.dtype for misfit in misfits if misfit.found})
    return (
        f"has {types} weights in {len(misfits)} of {len(fit.specs)} variables:"
        f" {listing(map(str, misfits))}. Cast them to {DTYPE} and save them again under their"
        f" names.{_where(fit)}"
    )


def _lacks_gammas(fit: Fit) -> bool:
    gammas = {spec.name for spec in fit.specs if _is_gamma(spec.name)}
    misfits = fit.nearest.misfits
    return {m.spec.name for m in misfits} == gammas and all(m.found is None for m in misfits)


def _unread_gammas(fit: Fit) -> list[str]:
    """Lists the gammas of batch norms that have none in the network, which would leave them out."""
    betas = [there for name, there in fit.names.items() if name.endswith("/beta")]
    beside = {beta.replace("/beta", "/gamma") for beta in betas} - set(fit.names.values())
    return sorted(beside & fit.tensors.keys())


def _is_gamma(name: str) -> bool:
    return name.endswith("/gamma")


def _without_gammas(fit: Fit) -> str:
    missing = [misfit.stored for misfit in fit.nearest.misfits]
    return (
        f"has batch norms without gamma: expected {_quoted(missing)}, found none of them. That"
        " is batch norm with scale=False, which computes as with ones; add ones under these names"
        f" and save it again.{_where(fit)}"
    )


def _has_other_channels(fit: Fit) -> bool:
    return all(_channels(misfit) for misfit in fit.nearest.misfits)


def _channels(misfit: Misfit) -> int:
    """Returns for how many channels a kernel is that ought to be one for RGB; else 0."""
    expected = misfit.spec.shape
    if misfit.found is None or len(expected) != 4 or expected[2] != 3:
        return 0
    channels = misfit.found.shape[2:3]
    fits = misfit.found.shape == (*expected[:2], *channels, *expected[3:])
    return sum(channels) if fits and misfit.found.dtype == DTYPE else 0


def _other_channels(fit: Fit) -> str:
    first = fit.nearest.misfits[0]
    channels = _channels(first)
    images, advice = f"images of {channels} channels", "Use a checkpoint of a training on RGB."
    if channels == 1:
        images = "grey images"
        advice = (
            "Put a third of the kernel in the place of each colour and save it again: grey images"
            " as RGB then give the same, up to rounding."
        )
    return f"was trained on {images}, not RGB: {first}. {advice}{_where(fit)}"


def _is_detector(fit: Fit) -> bool:
    return any(_DETECTOR.search(name) for name in fit.tensors)


def _detector(fit: Fit) -> str:
    problems = listing(map(str, fit.nearest.misfits))
    return (
        f"is one of a detector: {problems}, among {_held(fit)}. Its backbone is not the whole"
        f" network; use a checkpoint of the classifier.{_where(fit)}"
    )


def _ends_early(fit: Fit) -> bool:
    body = _body(fit)
    end = [misfit.spec for misfit in body.misfits]
    return 0 < body.missing == len(end) < len(body.specs) and end == [*body.specs[-len(end) :]]


def _body(fit: Fit) -> Fit:
    """Leaves the classifier out, which whoever takes a network as a backbone replaces."""
    return replace(fit.nearest, task="feature_vector")


def _without_end(fit: Fit) -> str:
    body = _body(fit)
    missing = [misfit.stored for misfit in body.misfits]
    return (
        f"ends before the features: expected {_quoted(missing)}, found the"
        f" {len(body.specs) - len(missing)} variables before them among {_held(fit)}. So do"
        " backbones of detectors and segmenters, which have no features of a whole image; use a"
        f" checkpoint of the classifier.{_where(fit)}"
    )


def _is_of_another_network(fit: Fit) -> bool:
    without_scope = fit.specs[0].name.partition("/")[2]
    return fit.nearest.missing == len(fit.specs) and without_scope not in fit.tensors


def _another_network(fit: Fit) -> str:
    scope, first = fit.variant.network.scope, fit.specs[0].name
    expected = f"below '{scope}/'" if scope else f"such as '{first}'"
    listed = "; 'slim-export list' prints the networks" * (fit.variant.graph is None)
    return (
        f"is of another network than {fit.variant.name}, by its names: expected variables"
        f" {expected}, found none; it holds {_held(fit)}. Check {_flags(fit)[0]} and"
        f" --checkpoint{listed}."
    )


def _has_other_widths(fit: Fit) -> bool:
    return all(m.found and m.found.dtype == DTYPE for m in fit.nearest.misfits)


def _other_widths(fit: Fit) -> str:
    return (
        f"{_unfit(fit.nearest)}. It has every variable, in other shapes; check"
        f" {' and '.join(_flags(fit))}.{_where(fit)}"
    )


def _unknown(fit: Fit) -> str:
    return (
        f"{_unfit(fit.nearest)}. It fits no known variant, and holds {_held(fit)}; check"
        f" {', '.join(_flags(fit))} and --checkpoint.{_where(fit)}"
    )


def _flags(fit: Fit) -> tuple[str, ...]:
    """Names the flags that say which network is meant."""
    if fit.variant.graph is not None:
        return "--network", "--arg_scope"
    return "--variant", "--depth_multiplier"


# The first that holds is the cause. What comes first says more than what comes later.
_CAUSES = (
    MisfitCause(_is_object_based, _object_based),
    MisfitCause(lambda fit: fitting(fit) is not None, _other_flags),
    MisfitCause(_is_of_another_network, _another_network),
    MisfitCause(_is_retyped, _retyped),
    MisfitCause(_lacks_gammas, _without_gammas),
    MisfitCause(_has_other_channels, _other_channels),
    MisfitCause(_is_detector, _detector),
    MisfitCause(_ends_early, _without_end),
    MisfitCause(_has_other_widths, _other_widths),
    MisfitCause(lambda _: True, _unknown),
)


def _unfit(fit: Fit) -> str:
    problems = listing(map(str, fit.misfits))
    return f"does not fit {fit.variant.name} as {fit.task}: {problems}"


def _where(fit: Fit) -> str:
    """Adds which scope is meant, where it is not the one that was asked for."""
    scope = fit.nearest.options.checkpoint_scope
    if scope == fit.options.checkpoint_scope:
        return ""
    return f" The network lies below '{scope}/', for --checkpoint_scope={scope}."


def _held(fit: Fit) -> str:
    return f"{listing(roots(fit.tensors))} in {len(fit.tensors)} tensors"


def _quoted(names: Iterable[str]) -> str:
    return listing(f"'{name}'" for name in names)
