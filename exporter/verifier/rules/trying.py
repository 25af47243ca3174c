"""What a rule calls a model with, and which ways of calling it is about."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.errors import listing
from exporter.signatures import FOLDED, KERAS_TWIN, SERVING, way_of
from exporter.verifier.comparison.collect import CALL_ERRORS
from exporter.verifier.rules.structure import needs
from exporter.verifier.subjects.examples import FULL, Batch
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import Arrays
from exporter.verifier.subjects.usable_examples import no_inputs, same_inputs, usable


def batch_for(model: LoadedModel, way: str, size: int = FULL.training_batch) -> Batch:
    """Makes a batch: of the size on which training is compared, as others are traced anew.

    Raises:
        NotApplicableError: If none can be made up.
    """
    own = usable(model, way, model.examples)
    needs(own.names, no_inputs(model, way))
    return own.few(size)


def tried_ways(model: LoadedModel) -> list[str]:
    """Returns the ways of calling that can be given something.

    Raises:
        NotApplicableError: If there are ways, but none of those.
    """
    groups = same_inputs(model, model.ways, model.examples)
    can = {way for group in groups for way in group.ways}
    needs(can or not model.ways, no_inputs(model, model.ways[0]) if model.ways else "")
    return [way for way in model.ways if way in can]


def but_training(
    model: LoadedModel, ways: Sequence[str], look: Callable[[LoadedModel, str], Iterable[str]]
) -> Iterator[str]:
    """Looks at all ways of calling but steps of training, which no server takes for inference.

    Those are signatures that change variables, but for the ones that are served by default.

    Args:
        model: Whose.
        ways: Which can be given something.
        look: Says how a way breaks the rule.

    Yields:
        What it says.

    Raises:
        NotApplicableError: If it says nothing, and there is such a step.
    """
    served = {way_of(name) for name in (SERVING, FOLDED, KERAS_TWIN)}
    others = [way for way in ways if way in model.interface.signature_ways and way not in served]
    steps = {way: found for way in others if (found := _left_by_step(model, way))}
    broken = [found for way in ways if way not in steps for found in look(model, way)]
    yield from broken
    told = listing(f"{way} changes {listing(left)}" for way, left in steps.items())
    needs(
        broken or not steps,
        f"{told}, as a step of training does; no other way of calling breaks this rule",
    )


def _left_by_step(model: LoadedModel, way: str) -> Arrays:
    try:
        return left_by(model, way)
    except CALL_ERRORS:
        return {}  # which a rule says that calls it


def left_by(model: LoadedModel, way: str) -> Arrays:
    """Returns the variables that a call changes, as it leaves them."""
    model.inference([way], batch_for(model, way).inputs)
    return model.left(way)
