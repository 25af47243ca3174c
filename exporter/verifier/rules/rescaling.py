"""The rule that images in [0, 1] are rescaled inside the model."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exporter.verifier.rules.structure import NotApplicableError, needs_images
from exporter.verifier.subjects.evaluate import How, evaluate, program_of
from exporter.verifier.subjects.program import UnsupportedError
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import PLAIN

_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul"})


class _SeenError(Exception):
    """Carries what enters the first convolution."""


def images_are_rescaled(model: LoadedModel) -> Iterator[str]:
    """Looks at what enters the first convolution."""
    needs_images(model)
    if PLAIN not in model.ways:
        raise NotApplicableError("there is no __call__")
    images = model.input_spec.probe("noise")[0][None]
    try:
        evaluate(program_of(model, PLAIN), model, [images], How(intercept=_intercept))
    except _SeenError as seen:
        entering = np.asarray(seen.args[0])
    except UnsupportedError as error:
        raise NotApplicableError(f"its graph cannot be followed: {error}") from error
    else:
        raise NotApplicableError("there is no convolution")
    if entering.shape == images.shape and np.array_equal(entering, images):
        yield "expected an affine map before the first convolution, found the images themselves"


def _intercept(node: Any, inputs: list[Any], _: dict[str, Any]) -> None:
    if node.op in _CONVOLUTIONS:
        raise _SeenError(inputs[0])
