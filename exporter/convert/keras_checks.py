"""Compares a Keras model with the SavedModel in what fine-tuning relies on."""

from dataclasses import replace
from pathlib import Path

import keras

from exporter.convert.keras_jax import compare_jax
from exporter.convert.keras_network import network_and_task
from exporter.convert.keras_subject import KerasReference, KerasSubject
from exporter.convert.source import Source
from exporter.verify.allowance import Allowance
from exporter.verify.collect import Collector
from exporter.verify.fine_tuning import FineTuningComparison
from exporter.verify.inference import InferenceComparison, compare_weights
from exporter.verify.probes import Examples, Plan
from exporter.verify.report import Check
from exporter.verify.subject import PLAIN

# The default momentum and two others: one averages without regard to it, or with one that is fixed.
# No step of SGD: it makes weights of gradients that are compared, and what a SavedModel's own
# conditions change of them in the last bit says nothing of another framework's order.
_PLAN = Plan(("ramp", "noise"), (3,), (0.0, 0.9, 0.99), 4, True, False, step=False)
# A sum of tens of squared norms, in another order.
_LOSS_RTOL = 1e-5


def fine_tuning_checks(
    target: Path, source: Source, examples: Examples, allowance: Allowance
) -> list[Check]:
    """Compares weights, end points, training mode, gradients, and JAX's outputs.

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
    model = KerasSubject(loaded, variant, task, source.model.input_spec)
    reference = KerasReference(source.folder, source.model.interface, model.pixels)
    collector = Collector(allowance, source.network.place)
    compare_weights(model, reference, collector)
    few = replace(examples, plan=_PLAN)
    inference = InferenceComparison(model, reference, Collector(allowance, source.network.place))
    inference.run(few, source.network.order)
    if PLAIN in reference.training_ways:
        batch = few.few(_PLAN.training_batch)
        FineTuningComparison(model, reference, collector, batch, _PLAN).run()
    else:
        collector.skip("training", PLAIN, "the SavedModel has no argument 'training'")
    jax = compare_jax(target, source, few.typical(), allowance)
    return [*inference.checks(), *collector.checks(), *_losses(model, reference), *jax]


def _losses(model: KerasSubject, reference: KerasReference) -> list[Check]:
    collector = Collector(Allowance("given", rtol=_LOSS_RTOL))
    sums = {"sum": reference.total_loss()}, {"sum": model.total_loss()}
    collector.each("regularization", *sums)
    return collector.checks()
