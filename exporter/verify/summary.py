"""Says in a report what was compared with what, in an export and in `verify` alike."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from exporter import __version__, digests
from exporter.verify.allowance import Allowance
from exporter.verify.compare import Network
from exporter.verify.probes import Examples
from exporter.verify.report import Check, Settings, VerificationReport
from exporter.verify.request import GraphSource, Reference


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
