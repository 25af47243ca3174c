"""Says in a report what was compared with what, in an export and in `verify` alike."""

import base64
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from exporter import __version__
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import CALL_ERRORS
from exporter.verifier.comparison.comparing import Pair
from exporter.verifier.report.records import Check, Output, Settings
from exporter.verifier.report.reference import OriginalGraph, Reference
from exporter.verifier.report.verification_report import VerificationReport
from exporter.verifier.subjects.examples import Examples
from exporter.verifier.subjects.subject import PLAIN
from exporter.verifier.subjects.usable_examples import names_of, same_inputs

# Points of a plot; more would be drawn on top of each other.
_SAMPLED = 512
# Thumbnails: how many, and their height and width.
_DRAWN, _PIXELS = 24, 64


def versions() -> dict[str, str]:
    """Returns the versions of this tool and of what computed the results."""
    return {"slim-exporter": __version__, "tensorflow": tf.__version__, "numpy": np.__version__}


def summary(
    pair: Pair,
    reference: Reference,
    examples: Examples,
    allowance: Allowance,
    checks: Iterable[Check],
) -> VerificationReport:
    """Makes a report.

    Args:
        pair: What was compared.
        reference: What is told of the reference.
        examples: What both were given.
        allowance: What could differ.
        checks: What came of it.

    Returns:
        The report, without the model's digest, noise, causes and thumbnails.
    """
    described, variant = reference.subject, pair.network.variant
    return VerificationReport(
        settings=Settings(
            model_dir=str(pair.model.folder),
            reference=reference.name,
            variant=variant.name if variant else "",
            task=described.task if isinstance(described, OriginalGraph) else "",
            allowance=allowance.summary(),
            images=names_of(same_inputs(pair.reference, pair.reference.ways, examples)),
            input_range=examples.spec.image_range,
        ),
        reference_digest=reference.digest,
        origin=reference.origin,
        versions=versions(),
        checks=tuple(checks),
        sample=_sample(pair),
    )


def _sample(pair: Pair) -> Output | None:
    """Takes at most 512 values of the output on the first example; None where both have none."""
    batch, sides = pair.few, (pair.reference, pair.model)
    if batch is None or not all(PLAIN in side.ways for side in sides):
        return None
    try:
        both = [side.inference([PLAIN], batch.inputs)[PLAIN] for side in sides]
        expected, found = [next(iter(outputs.values()))[0] for outputs in both]
    except (*CALL_ERRORS, StopIteration):
        return None
    if expected.shape != found.shape or expected.dtype.kind != "f":
        return None
    step = max(1, -(-expected.size // _SAMPLED))
    pairs = np.stack([expected.ravel()[::step], found.ravel()[::step]]).astype(np.float64)
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    return Output(
        image=batch.names[0], expected=tuple(pairs[0].tolist()), found=tuple(pairs[1].tolist())
    )


def thumbnails(examples: Examples) -> dict[str, str]:
    """Draws the first examples, where they are images, as JPEG in base64."""
    others = bool(examples.given) and not examples.spec.taken(examples.given)
    if examples.spec.image_size is None or others:
        return {}
    block = next(examples.blocks())
    drawn = {}
    for name, image in list(zip(block.names, block.inputs[0], strict=True))[:_DRAWN]:
        unit = examples.spec.input_range.to_unit(image)
        small = tf.image.resize(np.clip(unit, 0, 1), [_PIXELS, _PIXELS], "area")
        jpeg = tf.io.encode_jpeg(tf.image.convert_image_dtype(small, tf.uint8, saturate=True))
        drawn[name] = base64.b64encode(jpeg.numpy()).decode()
    return drawn
