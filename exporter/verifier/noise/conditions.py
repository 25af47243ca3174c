"""The conditions under which a reference is run to see its float noise, and what runs there.

Nothing here imports TensorFlow before its process wants it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from exporter import quiet
from exporter.verifier.report.reference import OriginalGraph, SavedModelFolder

if TYPE_CHECKING:
    import numpy as np

    from exporter.verifier.noise.results import Results

# Which of these TensorFlow does by itself depends on the processor.
_WITH_MORE = "one thread, oneDNN on"

# What TensorFlow reads when it is imported, so each needs a process of its own.
ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {
    _WITH_MORE: {
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "1",
    },
    "oneDNN off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}

# What the process with one thread computes in addition, in this order.
_MORE = ("image by image", "float64", "weights rounded anew", "sums term by term")
CONDITIONS = (*ENVIRONMENTS, *_MORE)

# How much is run: inference, training mode and losses too, or also gradients and a step of SGD.
Reach = Literal["inference", "training", "gradients"]


@dataclass(frozen=True)
class Rerun:
    """What is run again under other conditions.

    Attributes:
        subject: The reference.
        images: Files, of which the first are used.
        reach: How much of it.
        arrays: Examples in place of probes.
    """

    subject: OriginalGraph | SavedModelFolder
    images: tuple[Path, ...]
    reach: Reach = "gradients"
    arrays: "Mapping[str, np.ndarray]" = field(default_factory=dict, hash=False)


def rerun(asked: Rerun, environment: str) -> "list[Results]":
    """Runs a reference in this process, whose environment is that condition.

    Args:
        asked: What to run.
        environment: One of `ENVIRONMENTS`.

    Returns:
        The results as the environment makes them; with one thread also those of
        all conditions that need no process of their own.

    Raises:
        VerificationError: If a SavedModel cannot be loaded.
    """
    quiet.import_tensorflow()
    from exporter.verifier.noise import results
    from exporter.verifier.subjects.examples import FULL, Examples

    with asked.subject.opened() as reference:
        examples = Examples(reference.input_spec, FULL, asked.images, asked.arrays)
        found = [results.results_as_it_is(reference, examples, asked.reach)]
        if environment == _WITH_MORE:
            found += [
                results.results_image_by_image(reference, examples),
                results.float64_results(reference, examples, asked.reach),
                results.results_of_rounded_weights(reference, examples),
                results.results_of_sums_in_turn(reference, examples),
            ]
        return found
