"""Loads a SavedModel, and finds the values that its images have, where it says so itself.

A reusable model of images takes [0, 1] by its interface. Others say it by what they do first: the
ops before the first layer are run, and where they map one of the usual ranges onto what networks
are trained on, that is the range of the images.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from exporter.choices import check_input_range
from exporter.errors import InvalidArgumentError
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.guarded_call import GuardedCall
from exporter.verifier.subjects.input_range import UNKNOWN, Ends, InputRange
from exporter.verifier.subjects.interface import load
from exporter.verifier.subjects.recomputing import How, call_graph, recompute
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import MOMENTUM
from slim_nets.recognition import recognized

# Of images as they are decoded, and as users rescale them themselves.
_RANGES: tuple[Ends, ...] = ((0.0, 255.0), (0.0, 1.0), (-1.0, 1.0))
# Of the pixels of ImageNet in [0, 1], channel by channel, as torchvision's and Keras' networks have
# them.
_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
# What networks are trained on: least and largest value, of all channels or of each.
_TRAINED_ON: tuple[tuple[Any, Any], ...] = (
    *_RANGES,
    (-_MEAN / _DEVIATION, (1 - _MEAN) / _DEVIATION),
)
# Of the width of what is mapped onto: 127.5 and 128 are one, and 16 bits are enough.
_NEAR = 0.01
# Behind these there are features, and images no more.
_LAYERS = frozenset({"Conv2D", "DepthwiseConv2dNative", "Conv3D", "MatMul", "BatchMatMulV2"})


def load_model(
    folder: Path,
    main: str = "",
    sizes: tuple[tuple[int, int], ...] = (),
    given: Given | None = None,
) -> LoadedModel:
    """Loads a SavedModel, and finds out which values its images have.

    Args:
        folder: Where it lies.
        main: The way of calling that examples are made for; empty for the first.
        sizes: As `LoadedModel.sizes`.
        given: What it can be run on beside what is made up.

    Returns:
        The model, which is run on images of the range that is given, or else found.

    Raises:
        VerificationError: If that fails.
        InvalidArgumentError: If what is given is no range, contradicts the interface of a reusable
            model, or is of a model that takes no images.
    """
    model = LoadedModel(folder, load(folder), main, sizes, given or Given())
    if (ends := model.given.input_range.known) is not None:
        _check(model, ends)
        return model
    return replace(model, given=replace(model.given, input_range=_found(model)))


def _way(model: LoadedModel) -> str:
    """Returns the first way of calling that takes images, the main one first; empty for none."""
    ways = sorted(model.ways, key=lambda way: way != model.main)
    return next((way for way in ways if model.spec_of(way).image_size is not None), "")


def _found(model: LoadedModel) -> InputRange:
    if MOMENTUM in model.hyperparameters:
        return InputRange(source="interface")
    if not (way := _way(model)):
        return UNKNOWN
    if (ends := _of_rescaling(model, way)) is not None:
        return InputRange(ends, "rescaling")
    if recognized(model.variables(), model.spec_of(way).declared_size) is not None:
        return InputRange(source="network")
    return UNKNOWN


def _check(model: LoadedModel, ends: Ends) -> None:
    """Refuses a range that is none, or none of this model's."""
    check_input_range(ends)
    low, high = ends
    if not _way(model):
        takes = model.input_spec if model.ways else "nothing"
        raise InvalidArgumentError(
            f"Model '{model.folder}' takes no images: expected one input float32"
            f" [batch, height, width, 3] for an input range, found {takes}. Leave out"
            " --input_range."
        )
    if MOMENTUM in model.hyperparameters and ends != UNKNOWN.ends:
        raise InvalidArgumentError(
            f"Model '{model.folder}' has the published interface, whose images are from 0 to 1:"
            f" expected no other range, found {low:g},{high:g}. Leave out --input_range."
        )


def _of_rescaling(model: LoadedModel, way: str) -> Ends | None:
    """Runs a model op by op up to its first layer, and looks at what becomes of the images."""
    spec = model.spec_of(way)

    def look(node: Any, inputs: Sequence[Any], _: dict[str, Any]) -> None:
        for value in inputs:
            if (ends := _mapped(images, value)) is not None:
                raise _RangeSeenError(ends)
        if node.op in _LAYERS:
            raise _RangeSeenError(None)

    try:
        images = np.stack(spec.probe("noise") * (spec.fixed_batch() or 1))
        guarded = GuardedCall(model.folder, model.interface, way, [images], training=False)
        guarded.result(
            lambda: recompute(call_graph(model, way), model, [images], How(intercept=look))
        )
    except _RangeSeenError as seen:
        found: Ends | None = seen.args[0]
        return found
    except Exception:  # noqa: BLE001  (whatever others' models do, this is no place to refuse it)
        return None
    return None


class _RangeSeenError(Exception):
    """Carries the range that was found, or None."""


def _mapped(images: np.ndarray, value: Any) -> Ends | None:
    """Returns the range that is mapped onto a usual one, if a value is an affine map of images.

    Args:
        images: float32 `[batch, height, width, 3]`, different everywhere.
        value: What an op is given.
    """
    if getattr(value, "shape", None) != images.shape or not value.dtype.is_floating:
        return None
    pixels, mapped = (np.asarray(v, np.float64).reshape(-1, 3) for v in (images, value))
    ends, channels = [pixels.argmin(0), pixels.argmax(0)], np.arange(3)
    (low, high), (first, last) = pixels[ends, channels], mapped[ends, channels]
    slope = (last - first) / (high - low)
    offset = first - slope * low
    if not np.all(np.abs(mapped - (slope * pixels + offset)) <= _NEAR * np.abs(last - first)):
        return None
    for own in _RANGES:
        for target in (target for target in _TRAINED_ON if target is not own):
            width = np.asarray(target[1]) - target[0]
            gaps = [np.abs(slope * e + offset - t) for e, t in zip(own, target, strict=True)]
            if np.all(np.array(gaps) <= _NEAR * width):
                return own
    return None
