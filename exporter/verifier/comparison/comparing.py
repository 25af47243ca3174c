"""Compares a model with a reference in everything that a user can do with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.errors import VerificationError, listing
from exporter.progress import Progress, silent
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import Collector
from exporter.verifier.comparison.fine_tuning import FineTuningComparison
from exporter.verifier.comparison.folded_signature import (
    compare_moved,
    has_folded_alone,
    rounding_allowance,
)
from exporter.verifier.comparison.inference import InferenceComparison
from exporter.verifier.comparison.known_network import KnownNetwork, known_network
from exporter.verifier.comparison.weights import compare_weights
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.beside import not_reached
from exporter.verifier.subjects.descriptions import described_batch
from exporter.verifier.subjects.examples import Batch, Examples
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import PLAIN, Subject
from exporter.verifier.subjects.usable_examples import no_inputs, refusal_of, same_inputs, usable

STEPS = ("weights", "outputs and end points", "training mode")


@dataclass(frozen=True)
class Pair:
    """Two models that take the same inputs.

    Attributes:
        model: What is judged.
        reference: What it is compared with.
        network: What is known of both.
        few: What `__call__` is given for what is done once; None if it takes no examples.
    """

    model: LoadedModel
    reference: Subject
    network: KnownNetwork
    few: Batch | None


def paired(model: LoadedModel, reference: Subject, examples: Examples) -> Pair:
    """Brings two models together.

    Args:
        model: What is judged.
        reference: What it is compared with.
        examples: What both are to be run on, made for the reference.

    Raises:
        VerificationError: If the two take different inputs, or the images do not fit.
    """
    _check_inputs(model, reference, examples)
    return Pair(model, reference, known_network(reference), batch_of(reference, examples))


def batch_of(reference: Subject, examples: Examples) -> Batch | None:
    """Returns the few examples that `__call__` is given for what is done once, if it takes any."""
    if PLAIN not in (*reference.ways, *reference.training_ways):
        return None
    own = usable(reference, PLAIN, examples)
    return own.few() if own.names else None


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
    model, reference, network, batch = pair.model, pair.reference, pair.network, pair.few
    plain = usable(reference, PLAIN, examples) if batch else examples
    progress(STEPS[0], 0, len(STEPS))
    yield from _descriptions(model.described(), reference.described())
    yield from _beside(reference)
    folded: Collector | None = None
    if batch is not None and has_folded_alone(model, reference):
        folded = Collector(rounding_allowance(reference, plain.typical(), allowance))
    weights = Collector(allowance, network)
    compare_weights(model, reference, weights)
    yield from weights.checks()
    progress(STEPS[1], 1, len(STEPS))
    inference = InferenceComparison(model, reference, Collector(allowance, network), folded)
    inference.run(examples)
    yield from inference.checks()
    if folded is not None and batch is not None:
        yield from compare_moved(model, reference, batch, allowance).checks()
    progress(STEPS[2], 2, len(STEPS))
    collector = Collector(allowance, network)
    elsewhere = tuple(other.few() for other in plain.elsewhere())
    FineTuningComparison(model, reference, collector, batch, examples.plan, elsewhere).run()
    yield from collector.checks()


def _descriptions(model: dict[str, str], reference: dict[str, str]) -> Iterator[Check]:
    collector = Collector(Allowance())
    for name, expected in reference.items():
        found = model.get(name, "none")
        message = "" if found == expected else f"expected {expected}, found {found}"
        collector.note("interface", name, message, "as the reference")
    return iter(collector.checks())


def _beside(reference: Subject) -> Iterator[Check]:
    """Names what is not compared."""
    collector = Collector(Allowance())
    if isinstance(reference, LoadedModel):
        for name, why in not_reached(reference.interface):
            collector.skip("interface", name, why)
    return iter(collector.checks())


def _check_inputs(model: LoadedModel, reference: Subject, examples: Examples) -> None:
    """Refuses two sides that cannot be given the same inputs.

    Raises:
        VerificationError: If shapes or dtypes differ, what is given is for other inputs, or
            nothing is given and can be made up.
    """
    ways = [way for way in reference.ways if way in model.ways]
    if not reference.ways:
        raise VerificationError(
            "Model takes inputs that cannot be made up: expected __call__ or a signature, found"
            " nothing that was traced. Save a signature."
        )
    both = [side.spec_of(ways[0]) if ways else side.input_spec for side in (reference, model)]
    wanted, found = map(str, both)
    if wanted != found:
        raise VerificationError(
            f"Model takes other inputs than its reference: expected {wanted}, found {found}."
            " Choose the reference that belongs to it."
        )
    check_given(reference, examples)
    if ways and not same_inputs(reference, ways, examples):
        strange = all(reference.spec_of(way).strange for way in ways)
        never = strange or refusal_of(reference, ways[0]).of != "inputs"
        raise VerificationError(
            f"Model cannot be compared: {no_inputs(reference, ways[0])}."
            f" {_SAVE if never else _GIVE}"
        )


_GIVE = (
    "Give some by --inputs=FILE.npz, which has an array of examples for each input by its name, or"
    " image files by --images."
)
_SAVE = "Save a signature that takes and gives numbers or strings."


def check_given(subject: Subject, examples: Examples) -> None:
    """Refuses images and arrays that are for other inputs.

    Raises:
        VerificationError: If no way of calling takes them.
    """
    specs = {way: subject.spec_of(way) for way in subject.ways}
    takes = "; ".join(f"{way} {spec}" for way, spec in specs.items())
    if examples.images and not any(s.image_size or s.takes_files for s in specs.values()):
        raise VerificationError(
            "Images were given for a model that takes no images: expected one input float32"
            f" [batch, height, width, 3], or string [batch], found {takes}. Leave out --images."
        )
    if examples.given and not any(spec.taken(examples.given) for spec in specs.values()):
        found = listing(f"{n} {described_batch([a])}" for n, a in examples.given.items())
        raise VerificationError(
            "Inputs were given that no way of calling takes: expected arrays by the names of"
            f" {takes}; found {found}. Change --inputs."
        )
