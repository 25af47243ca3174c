"""Compares a Keras model with the SavedModel in what fine-tuning relies on."""

from dataclasses import replace
from pathlib import Path

import keras

from exporter.converters.keras.keras_gradients import compare_gradients
from exporter.converters.keras.keras_network import network_and_task
from exporter.converters.keras.keras_subject import KerasReference, KerasSubject
from exporter.converters.source_model import SourceModel
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import Collector
from exporter.verifier.comparison.fine_tuning import FineTuningComparison
from exporter.verifier.comparison.inference import InferenceComparison
from exporter.verifier.comparison.weights import compare_weights
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Examples, Plan
from exporter.verifier.subjects.subject import END_POINTS, MOMENTUM, PLAIN

# The default momentum and two others: one averages without regard to it, or with one that is fixed.
_PLAN = Plan(("ramp", "noise"), (3,), (0.0, 0.9, 0.99), 4, gradients=False, every_way=False)
# A sum of tens of squared norms, in another order.
_LOSS_RTOL = 1e-5


def checks(
    target: Path, source: SourceModel, examples: Examples, allowance: Allowance
) -> list[Check]:
    """Compares weights, end points, training mode, and gradients.

    Args:
        target: The `.keras` file.
        source: The SavedModel.
        examples: Of which a few are used.
        allowance: From the SavedModel's noise in training mode too.

    Returns:
        The checks.
    """
    variant, task = network_and_task(source)
    loaded = keras.saving.load_model(target, compile=False)
    ways = tuple(way for way in (PLAIN, END_POINTS) if way in source.model.ways)
    model = KerasSubject(loaded, variant, task, source.spec, ways)
    reference = KerasReference(
        source.folder, source.model.interface, sizes=source.model.sizes, pixels=model.pixels
    )
    collector = Collector(allowance, source.network)
    compare_weights(model, reference, collector)
    few = replace(examples, plan=_PLAN)
    inference = InferenceComparison(model, reference, Collector(allowance, source.network))
    inference.run(few)
    gradients: list[Check] = []
    if PLAIN in reference.training_ways:
        _compare_momentum(model, reference, collector)
        batch = few.few(_PLAN.training_batch)
        FineTuningComparison(model, reference, collector, batch, _PLAN).run()
        gradients = compare_gradients(model, reference, variant, batch)
    else:
        collector.skip("training", PLAIN, "the SavedModel has no argument 'training'")
    losses = _losses(model, reference)
    return [*inference.checks(), *collector.checks(), *gradients, *losses]


def _compare_momentum(model: KerasSubject, reference: KerasReference, collector: Collector) -> None:
    expected, found = (side.hyperparameters.get(MOMENTUM) for side in (reference, model))
    same = expected is None or found == expected
    message = "" if same else f"expected {expected} in every layer, found {found}"
    collector.note("moving averages", "default momentum", message)


def _losses(model: KerasSubject, reference: KerasReference) -> list[Check]:
    why = f"another order of additions: {_LOSS_RTOL:g} of the value"
    collector = Collector(Allowance("given", rtol=_LOSS_RTOL, given_by=why))
    sums = {"sum": reference.total_loss()}, {"sum": model.total_loss()}
    collector.each("regularization", *sums)
    return collector.checks()
