"""Compares a model with a reference in everything that a user can do with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from exporter.errors import VerificationError
from exporter.progress import Progress, silent
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import Collector
from exporter.verifier.comparison.fine_tuning import FineTuningComparison
from exporter.verifier.comparison.folded_signature import (
    compare_moved,
    has_folded_alone,
    rounding_allowance,
)
from exporter.verifier.comparison.inference import InferenceComparison, compare_weights
from exporter.verifier.comparison.known_network import KnownNetwork, known_network
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Examples, InputSpec
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import Subject

STEPS = ("weights", "outputs and end points", "training mode")


@dataclass(frozen=True)
class Pair:
    """Two models that take the same inputs.

    Attributes:
        model: What is judged.
        reference: What it is compared with.
        network: What is known of both.
    """

    model: LoadedModel
    reference: Subject
    network: KnownNetwork


def paired(model: LoadedModel, reference: Subject, examples: Examples) -> Pair:
    """Brings two models together.

    Args:
        model: What is judged.
        reference: What it is compared with.
        examples: What both are to be run on, made for the reference.

    Raises:
        VerificationError: If the two take different inputs, or the images do not fit.
    """
    _check_inputs(model.input_spec, reference.input_spec, examples.images)
    return Pair(model, reference, known_network(reference))


def compare(
    pair: Pair, examples: Examples, allowance: Allowance, progress: Progress = silent
) -> Iterator[Check]:
    """Compares two models in everything.

    Args:
        pair: The two.
        examples: What to compare on.
        allowance: What may differ.
        progress: Told what is compared.

    Yields:
        The checks, in the order in which the network computes.
    """
    model, reference, network = pair.model, pair.reference, pair.network
    batch = examples.few()
    progress(STEPS[0], 0, len(STEPS))
    yield from _descriptions(model.described(), reference.described())
    folded: Collector | None = None
    if has_folded_alone(model, reference):
        folded = Collector(rounding_allowance(reference, examples.typical(), allowance))
    weights = Collector(allowance, network)
    compare_weights(model, reference, weights)
    yield from weights.checks()
    progress(STEPS[1], 1, len(STEPS))
    inference = InferenceComparison(model, reference, Collector(allowance, network), folded)
    inference.run(examples)
    yield from inference.checks()
    if folded is not None:
        yield from compare_moved(model, reference, batch, allowance).checks()
    progress(STEPS[2], 2, len(STEPS))
    collector = Collector(allowance, network)
    elsewhere = tuple(other.few() for other in examples.elsewhere())
    FineTuningComparison(model, reference, collector, batch, examples.plan, elsewhere).run()
    yield from collector.checks()


def _descriptions(model: dict[str, str], reference: dict[str, str]) -> Iterator[Check]:
    collector = Collector(Allowance())
    for name, expected in reference.items():
        found = model.get(name, "none")
        message = "" if found == expected else f"expected {expected}, found {found}"
        collector.note("interface", name, message, "as the reference")
    return iter(collector.checks())


def _check_inputs(model: InputSpec, reference: InputSpec, images: tuple[Path, ...]) -> None:
    """Refuses two sides that cannot be given the same inputs.

    Raises:
        VerificationError: If shapes or dtypes differ, or images are given for other inputs.
    """
    for spec in (reference, model):
        _check_spec(spec)
    wanted, found = map(_describe, (reference, model))
    if wanted != found:
        raise VerificationError(
            f"Model takes other inputs than its reference: expected {wanted}, found {found}."
            " Choose the reference that belongs to it."
        )
    if images and reference.image_size is None:
        raise VerificationError(
            "Images were given for a model that takes no images: expected one input float32"
            f" [batch, height, width, 3], found {found}. Leave out --images."
        )


def _check_spec(spec: InputSpec) -> None:
    """Refuses inputs that no batch can be made for.

    Raises:
        VerificationError: If there are none, or others than dense tensors of at least rank 1.
    """
    strange = [s for s in spec.specs if not isinstance(s, tf.TensorSpec) or s.shape.rank == 0]
    if strange or not spec.specs:
        found = type(strange[0]).__name__ if strange else "nothing"
        raise VerificationError(
            "Model takes inputs that cannot be made up: expected dense tensors with a batch"
            f" dimension, found {found}. Save a signature that takes such tensors."
        )


def _describe(spec: InputSpec) -> str:
    return ", ".join(f"{tf.as_dtype(s.dtype).name} {s.shape}" for s in spec.specs) or "nothing"
