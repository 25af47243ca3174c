"""Says in a report what was compared with what, in an export and in `verify` alike."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from exporter import __version__, digests
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import CALL_ERRORS
from exporter.verifier.comparison.compare import Network
from exporter.verifier.report.records import Check, Output, Settings, VerificationReport
from exporter.verifier.report.request import GraphSource, Reference
from exporter.verifier.subjects.examples import Batch, Examples
from exporter.verifier.subjects.subject import PLAIN, Subject

# Points of a plot; more would be drawn on top of each other.
_SAMPLED = 512


def versions() -> dict[str, str]:
    """Returns the versions of this tool and of what computed the results."""
    return {"slim-exporter": __version__, "tensorflow": tf.__version__, "numpy": np.__version__}


def summary(
    model_dir: Path,
    reference: Reference,
    network: Network,
    examples: Examples,
    allowance: Allowance,
    checks: Iterable[Check],
) -> VerificationReport:
    """Makes a report.

    Args:
        model_dir: The model.
        reference: What it was compared with.
        network: What is known of the network.
        examples: What both were given.
        allowance: What could differ.
        checks: What came of it.

    Returns:
        The report, without noise, causes and figures.
    """
    source = reference.source
    return VerificationReport(
        settings=Settings(
            model_dir=str(model_dir),
            reference=reference.name,
            variant=network.variant.name if network.variant else "",
            task=source.task if isinstance(source, GraphSource) else "",
            allowance=allowance.summary(),
            images=examples.names,
        ),
        digest=digests.of_folder(model_dir),
        reference_digest=reference.digest,
        origin=reference.origin,
        versions=versions(),
        checks=tuple(checks),
    )


def sample(model: Subject, reference: Subject, batch: Batch) -> Output | None:
    """Takes values of the output on the first example.

    Args:
        model: What was judged.
        reference: What it was compared with.
        batch: What to run both on.

    Returns:
        At most 512 of them; None where both have no such output of one form.
    """
    if PLAIN not in reference.ways or PLAIN not in model.ways:
        return None
    try:
        both = [side.inference([PLAIN], batch.inputs)[PLAIN] for side in (reference, model)]
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
