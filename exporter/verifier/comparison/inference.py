"""Compares weights, outputs and end points, and that inference changes nothing."""

from dataclasses import dataclass, field
from functools import cached_property

from exporter.errors import listing
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import (
    Collector,
    group_of,
    named_outputs,
    output_name,
    shown_alone,
)
from exporter.verifier.comparison.folded_signature import FOLDED_WAY, add_folded
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Batch, Examples
from exporter.verifier.subjects.subject import PLAIN, Arrays, Subject, unequal

_SIGNATURE = "signature "
# End points of large batches take too much memory, and go through the same kernels.
_END_POINT_SIZES = (1, 3)


def compare_weights(model: Subject, reference: Subject, collector: Collector) -> None:
    """Compares all variables, and which of them are trainable, by name.

    Args:
        model: What is judged.
        reference: What it is compared with.
        collector: Takes the checks.
    """
    expected, there = reference.variables(), model.variables()
    collector.each("weights", expected, there)
    wanted, found = set(reference.trainable), set(model.trainable)
    message = ""
    if missing := wanted - found:
        message = f"expected {len(wanted)}, found {len(found)}: without {listing(missing)}"
    elif added := found - wanted:
        message = f"expected {len(wanted)}, found {len(found)}: also {listing(added)}"
    collector.note("weights", "trainable_variables", message)
    other = listing((set(reference.flagged) ^ set(model.flagged)) & expected.keys() & there.keys())
    message = f"expected as in the reference, found otherwise in {other}" if other else ""
    collector.note("weights", "trainable flags", message)


@dataclass(frozen=True)
class InferenceComparison:
    """Compares what two models compute in inference mode, batch by batch."""

    _model: Subject
    _reference: Subject
    _collector: Collector
    # Takes the check of `serving_folded`, if it has one.
    _folded: Collector | None = None
    # One model's two ways need no allowance.
    _exactly: Collector = field(default_factory=lambda: Collector(Allowance()))
    _looked: set[tuple[str, str]] = field(default_factory=set)

    @cached_property
    def _ways(self) -> list[str]:
        own = [way for way in self._own_ways if way not in self._alone]
        return self._collector.common_ways(own, self._reference.ways)

    @property
    def _own_ways(self) -> list[str]:
        return [way for way in self._model.ways if self._folded is None or way != FOLDED_WAY]

    @cached_property
    def _alone(self) -> list[str]:
        """The signatures of a model whose reference has none, as those of TensorFlow 1.14.

        They are held to the model's own `__call__`.
        """
        both = PLAIN in self._model.ways and PLAIN in self._reference.ways
        served = [way for way in self._reference.ways if way.startswith(_SIGNATURE)]
        alone = both and not served
        return [way for way in self._own_ways if alone and way.startswith(_SIGNATURE)]

    def run(self, examples: Examples) -> None:
        """Compares on probes and images, which are read block by block, at every batch size."""
        for batch in examples.batches():
            self._batch(batch)

    def _batch(self, batch: Batch) -> None:
        few = len(batch.names) in _END_POINT_SIZES
        ways = [way for way in self._ways if few or group_of(way) == "outputs"]
        expected = self._reference.inference(ways, batch.inputs)
        found = {}
        for way in (*ways, *self._alone):
            outputs = self._call(way, batch)
            if outputs is not None:
                found[way] = outputs
                if way in expected:
                    self._compare(way, expected[way], outputs, batch)
        self._both_ways(found, batch)
        if self._folded is not None:
            outputs = self._call(FOLDED_WAY, batch)
            if outputs is not None:
                add_folded(self._folded, expected[PLAIN], outputs, batch, batch.case)

    def _call(self, way: str, batch: Batch) -> Arrays | None:
        """Calls the model; the first time with a batch size, sees what becomes of its variables."""
        seen = (way, batch.case) in self._looked
        self._looked.add((way, batch.case))
        before = {} if seen else self._model.variables()
        outputs: Arrays | None = self._collector.attempt(
            group_of(way),
            way,
            lambda: self._model.inference([way], batch.inputs)[way],
            batch.case,
        )
        if seen:
            return outputs
        if changed := unequal(before, self._model.variables()):
            message = f"expected no variable to change, found {len(changed)}: {listing(changed)}"
            self._collector.fail("frozen", way, message)
            self._model.assign({name: before[name] for name in changed})
        else:
            self._collector.note("frozen", way)
        return outputs

    def _compare(self, way: str, expected: Arrays, found: Arrays, batch: Batch) -> None:
        group, alone = group_of(way), shown_alone(self._ways)
        if group == "end points":
            expected = {k: expected[k] for k in sorted(expected, key=self._collector.network.rank)}
        self._collector.each(
            group,
            named_outputs(way, expected, alone=alone),
            named_outputs(way, found, alone=alone),
            batch.case,
            examples=batch.names,
        )

    def _both_ways(self, found: dict[str, Arrays], batch: Batch) -> None:
        """Compares every signature with `__call__` where their outputs correspond."""
        if PLAIN not in found:
            return
        plain = found[PLAIN]
        for way, outputs in found.items():
            if not way.startswith(_SIGNATURE) or way == FOLDED_WAY:
                continue
            if len(outputs) == len(plain) == 1:
                served = dict(zip(plain, outputs.values(), strict=True))
            else:
                served = outputs
            if served.keys() == plain.keys():
                self._exactly.each(
                    "outputs",
                    {f"{way} equals {output_name(PLAIN, k)}": v for k, v in plain.items()},
                    {f"{way} equals {output_name(PLAIN, k)}": v for k, v in served.items()},
                    batch.case,
                    examples=batch.names,
                )
            elif way in self._alone:
                message = f"expected what {PLAIN} returns, found {listing(served)}"
                self._collector.fail("outputs", way, message)

    def checks(self) -> list[Check]:
        """Returns the checks so far."""
        folded = [] if self._folded is None else self._folded.checks()
        return [*self._collector.checks(), *self._exactly.checks(), *folded]
