"""Compares what fine-tuning relies on: training mode, gradients, a step of SGD, losses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from exporter.errors import listing, reason
from exporter.verifier.comparison.collect import (
    CALL_ERRORS,
    Collector,
    group_of,
    named_outputs,
    output_name,
    shown_alone,
)
from exporter.verifier.comparison.drawing import changing, changing_averages
from exporter.verifier.comparison.dropout import compare_scatter
from exporter.verifier.comparison.sgd_step import chosen, stepped
from exporter.verifier.comparison.training_settings import settings_of, target_of, told_of
from exporter.verifier.subjects.examples import Batch, Plan
from exporter.verifier.subjects.subject import (
    MOMENTUM,
    PLAIN,
    Arrays,
    Derivative,
    Gradients,
    ModelCallError,
    Subject,
    unequal,
)
from exporter.verifier.subjects.usable_examples import no_inputs

# Beside the default, for which gradients are compared by every way of calling.
_GRADIENT_MOMENTA = (0.0, 0.997)
# The case in which a check says that both models draw an output at random.
DRAWN = "drawn"
# Put before a way of calling where training mode is meant.
_TRAINING = "training=True: "


@dataclass(frozen=True)
class FineTuningComparison:
    """Compares two models in training mode, on one batch; calls alone on batches at other sizes.

    Both are put back as they were after every call.
    """

    _model: Subject
    _reference: Subject
    _collector: Collector
    # None where nothing can be made up for `__call__`.
    _given: Batch | None
    _plan: Plan
    _elsewhere: tuple[Batch, ...] = ()

    @property
    def _batch(self) -> Batch:
        assert self._given is not None, "there is nothing to call with"
        return self._given

    @cached_property
    def _ways(self) -> list[str]:
        both = (self._model.training_ways, self._reference.training_ways)
        return self._collector.common_ways(*both, mark=_TRAINING)

    def run(self) -> None:
        """Compares everything, the ways of calling first."""
        ways = self._ways
        if why_not := self._why_not():
            self._collector.skip("training", PLAIN, why_not)
        drawn = self._drawn() if ways and not why_not else {}
        gradients = self._in_training_mode(drawn) if drawn else {}
        losses = self._losses()
        if PLAIN in gradients:
            self._step(gradients[PLAIN], losses)

    def _in_training_mode(
        self, drawn: dict[str, set[str]]
    ) -> dict[str, tuple[Gradients, Gradients] | None]:
        """Compares calls, and gradients, which are returned by way of calling."""
        settings = settings_of(self._reference.hyperparameters, self._plan)
        for hyperparameters in settings:
            self._calls(hyperparameters, drawn, self._batch)
        for other in self._elsewhere:
            self._calls(settings[0], drawn, other)
        gradients = {}
        for way in drawn if self._plan.gradients else ():
            gradients[way] = self._gradients(way, drawn[way], {})
        for momentum in self._momenta(gradients):
            self._gradients(PLAIN, drawn[PLAIN], {MOMENTUM: momentum})
        return gradients

    def _why_not(self) -> str:
        """Says why training mode is not compared; empty if it is."""
        if not self._reference.training_ways:
            # Where it was, it is a tensor.
            traced = "training" in self._reference.described().get("arguments", "")
            what = "trace with training=True" if traced else "argument 'training'"
            return f"the reference has no {what}"
        return no_inputs(self._reference, PLAIN) if self._given is None else ""

    def _drawn(self) -> dict[str, set[str]]:
        """Finds out what is drawn at random, by calling again; both models must agree on it."""
        drawn = {}
        for way in self._ways:
            try:
                wanted = changing(self._reference, way, self._batch)
            except ModelCallError as error:
                self._collector.skip("training", way, _no_result(error))
                continue
            found = self._collector.attempt(
                "training", way, partial(changing, self._model, way, self._batch)
            )
            drawn[way] = wanted
            if found is not None:
                self._compare_drawn(way, wanted, found)
        return drawn

    @cached_property
    def _drawn_averages(self) -> set[str]:
        """Names the averages of what is drawn, which no two calls leave alike; of both models."""
        way, inputs = self._ways[0], self._batch.inputs
        wanted = changing_averages(self._reference, way, inputs)
        found = self._collector.attempt(
            "training", way, partial(changing_averages, self._model, way, inputs)
        )
        for name in sorted(wanted):
            message = "expected averages that change from call to call, found equal ones"
            self._collector.note("dropout", name, message * (name not in (found or ())), "averaged")
        return wanted

    def _compare_drawn(self, way: str, wanted: set[str], found: set[str]) -> None:
        for key in sorted(wanted | found):
            message = ""
            if key not in found:
                message = "expected results that change from call to call, found equal ones"
            elif key not in wanted:
                message = "expected equal results, found ones that change from call to call"
            self._collector.note("dropout", output_name(way, key), message, DRAWN)
        if not wanted | found:
            self._collector.note("dropout", way, case="none, as in the reference")
        if wanted & found and (self._plan.every_way or way == self._ways[0]):
            compare_scatter(
                self._model,
                self._reference,
                self._collector,
                way,
                wanted & found,
                self._batch.inputs,
            )

    def _calls(
        self, hyperparameters: Mapping[str, float], drawn: dict[str, set[str]], batch: Batch
    ) -> None:
        case = f"{told_of(hyperparameters)}{batch.at}".removeprefix(", ")
        inputs = batch.inputs
        try:
            expected = self._reference.training(list(drawn), inputs, hyperparameters)
        except ModelCallError as error:
            self._collector.skip("training", PLAIN, _no_result(error), case)
            return
        for way, random in drawn.items():
            called = self._collector.attempt(
                "training",
                way,
                partial(self._model.training, [way], inputs, hyperparameters),
                case,
            )
            if called is None:
                continue
            found = called[way]
            label = f"{case}, " if case else ""
            self._collector.each(
                "training",
                self._named(way, expected[way].outputs, random),
                self._named(way, found.outputs, random),
                way if group_of(way) == "end points" else "",
                label,
                batch.names,
            )
            averages = expected[way].variables.keys() - set(self._reference.trainable)
            averages -= self._drawn_averages
            self._collector.each(
                "moving averages",
                chosen(expected[way].variables, averages),
                chosen(found.variables, averages & found.variables.keys()),
                case,
                f"after {way[:-1]}, training=True), " if way != PLAIN else "after __call__, ",
            )
            self._frozen(way, found.variables)

    def _named(self, way: str, outputs: Arrays, drawn: set[str]) -> Arrays:
        same = {key: value for key, value in outputs.items() if key not in drawn}
        return named_outputs(way, same, alone=shown_alone(self._ways))

    def _frozen(self, way: str, after: Arrays) -> None:
        """Checks that a training call by itself changes no trainable variable."""
        before = self._model.variables()
        names = unequal(chosen(before, self._model.trainable), after)
        message = f"expected a call to leave weights alone, found changes in {listing(names)}"
        self._collector.note("frozen", way, message if names else "", "trainable weights")

    def _momenta(self, gradients: Mapping[str, Any]) -> tuple[float, ...]:
        known = PLAIN in gradients and MOMENTUM in self._reference.hyperparameters
        return _GRADIENT_MOMENTA if known else ()

    def _gradients(
        self, way: str, drawn: set[str], hyperparameters: Mapping[str, float]
    ) -> tuple[Gradients, Gradients] | None:
        """Compares gradients."""
        outputs = self._reference.inference([way], self._batch.inputs)[way]
        target, training = target_of(outputs, drawn)
        if target is None:
            self._collector.skip("gradients", way, "no output is a float")
            return None
        mode = f"{output_name(way, target)}, training={training}{told_of(hyperparameters)}"
        asked = Derivative(way, target, self._batch.inputs, training, hyperparameters)
        try:
            expected = self._reference.gradients(asked)
        except CALL_ERRORS as error:  # such as of an op without a gradient
            self._collector.skip("gradients", way, f"the reference has none: {reason(error)}", mode)
            return None
        found = self._collector.attempt(
            "gradients", way, lambda: self._model.gradients(asked), mode
        )
        if found is None:
            return None
        self._collector.each("gradients", expected, found, mode)
        return expected, found

    def _losses(self) -> tuple[Gradients, Gradients]:
        try:
            expected, wanted = self._reference.losses()
        except CALL_ERRORS as error:  # such as of one that takes arguments
            why = f"the reference gives none: {reason(error)}"
            self._collector.skip("regularization", "losses", why)
            return {}, {}
        attempted = self._collector.attempt("regularization", "losses", self._model.losses)
        found, got = attempted or ({}, {})
        self._collector.each("regularization", expected, found)
        flowing = [
            n for n in {**wanted, **got} if wanted.get(n) is not None or got.get(n) is not None
        ]
        self._collector.each(
            "regularization",
            {name: wanted.get(name) for name in flowing},
            {name: got.get(name) for name in flowing},
            "gradient",
        )
        return wanted, got

    def _step(
        self, gradients: tuple[Gradients, Gradients] | None, losses: tuple[Gradients, Gradients]
    ) -> None:
        """Compares weights, and then outputs, after each side's own step of SGD."""
        if gradients is None:
            return
        drawn = self._drawn_averages
        expected = stepped(self._reference, gradients[0], losses[0], self._batch, drawn)
        found = self._collector.attempt(
            "SGD step",
            PLAIN,
            lambda: stepped(self._model, gradients[1], losses[1], self._batch, drawn),
            "outputs",
        )
        if found is None:
            return
        self._collector.each("SGD step", expected.weights, found.weights)
        names = self._batch.names
        common = expected.outputs.keys() & found.outputs.keys()
        for way in sorted(common):
            outputs, others = (
                named_outputs(way, side.outputs[way], alone=True) for side in (expected, found)
            )
            self._collector.each("SGD step", outputs, others, "outputs", examples=names)
        self._collector.each("SGD step", expected.averages, found.averages, "after another call")


def _no_result(error: ModelCallError) -> str:
    return f"the reference gives no result: {error.said}"
