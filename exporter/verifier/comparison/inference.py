"""Compares outputs and end points, and that inference changes nothing."""

from dataclasses import dataclass, field, replace
from functools import cached_property

from exporter.errors import VerificationError, listing
from exporter.verifier.comparison.allowance import Noise
from exporter.verifier.comparison.collect import (
    Collector,
    group_of,
    named_outputs,
    output_name,
    shown_alone,
)
from exporter.verifier.comparison.drawing import DRAWN_ALIKE, changing_results
from exporter.verifier.comparison.folded_signature import FOLDED_WAY, add_folded
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Batch, Examples
from exporter.verifier.subjects.probes import told
from exporter.verifier.subjects.subject import (
    MOMENTUM,
    PLAIN,
    Arrays,
    ModelCallError,
    Subject,
    is_number,
    others,
    unequal,
)
from exporter.verifier.subjects.usable_examples import no_inputs, same_inputs, usable

# End points of large batches take too much memory, and go through the same kernels.
_END_POINT_SIZES = (1, 3)
_SIGNATURE = "signature "


@dataclass(frozen=True)
class InferenceComparison:
    """Compares what two models compute in inference mode, batch by batch."""

    _model: Subject
    _reference: Subject
    _collector: Collector
    # Takes the check of `serving_folded`, if it has one.
    _folded: Collector | None = None
    _looked: set[tuple[str, str]] = field(default_factory=set)
    # What each way draws at random, of those that were looked at since they differed.
    _drawn: dict[str, set[str]] = field(default_factory=dict)
    # Where the reference gave no result at least once.
    _missing: set[tuple[str, str]] = field(default_factory=set)
    # What the reference said where it gave no result, by way of calling.
    _silent: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _ways(self) -> list[str]:
        own = [way for way in self._own_ways if way not in self._alone]
        common = self._collector.common_ways(own, self._reference.ways)
        return [way for way in common if self._takes_the_same(way)]

    @property
    def _own_ways(self) -> list[str]:
        return [way for way in self._model.ways if self._folded is None or way != FOLDED_WAY]

    @cached_property
    def _alone(self) -> list[str]:
        """The signatures of a model whose reference has none, as those of TensorFlow 1.14.

        They are held to the model's own `__call__`, whose inputs they take.
        """
        both = PLAIN in self._model.ways and PLAIN in self._reference.ways
        if not both or any(way.startswith(_SIGNATURE) for way in self._reference.ways):
            return []
        taken = self._model.spec_of(PLAIN)
        served = [way for way in self._own_ways if way.startswith(_SIGNATURE)]
        return [way for way in served if self._model.spec_of(way).is_like(taken)]

    def _takes_the_same(self, way: str) -> bool:
        wanted, found = (side.spec_of(way) for side in (self._reference, self._model))
        same = found.is_like(wanted)
        if not same:
            self._collector.fail(group_of(way), way, f"expected inputs {wanted}, found {found}")
        return same

    @cached_property
    def _alike(self) -> Collector:
        """Takes the checks that a signature equals `__call__`."""
        allowance = self._collector.allowance
        of_call = {
            name: {example: 2 * value for example, value in noise.items()}
            for (_, name), noise in allowance.noise.items()
            if name == PLAIN or name.startswith(output_name(PLAIN, " ").rstrip())
        }
        both: Noise = {
            ("outputs", _equals(way, name)): noise
            for way in (*self._ways, *self._alone)
            for name, noise in of_call.items()
        }
        return Collector(replace(allowance, noise=both))

    def run(self, examples: Examples) -> None:
        """Compares on probes and images, which are read block by block, at every batch size.

        Raises:
            VerificationError: If the reference gives no result at all.
        """
        for way in self._ways:
            self._name_what_is_left_out(way, usable(self._reference, way, examples))
        for group in same_inputs(self._reference, self._ways, examples):
            for batch in group.examples.batches():
                self._batch(group.ways, batch)
        self._numbers(examples)
        if self._silent and not self._looked:
            way, said = next(iter(self._silent.items()))
            raise VerificationError(
                f"Model cannot be compared: {way} of the reference fails on all that it is given:"
                f" {said.rstrip('.')}. Change what is given, or the reference."
            )

    def _name_what_is_left_out(self, way: str, examples: Examples) -> None:
        if not examples.names:
            self._collector.skip(group_of(way), way, no_inputs(self._reference, way))
            return
        refusals = self._reference.refusals(way)
        for probe in examples.plan.probes:
            if probe in examples.refused:
                why = f"the reference does not take it: {refusals[probe].said}"
                self._collector.skip(group_of(way), way, why, told(probe))

    def _numbers(self, examples: Examples) -> None:
        """Compares what other numbers than their defaults bring about, on one batch.

        The momentum is none of these: it changes nothing in inference.
        """
        ways = [way for way in self._ways if not way.startswith(_SIGNATURE)]
        own = usable(self._reference, PLAIN, examples) if PLAIN in ways else examples
        if PLAIN not in ways or not own.names:
            return
        for name, default in self._reference.hyperparameters.items():
            values = () if name == MOMENTUM else others(default)
            if not is_number(default):
                why = "calls leave this argument out, whose default is no number"
                self._collector.skip("outputs", PLAIN, why, name)
            for value in values:
                batch = replace(own.few(3), at=f", {name} {value:g}", numbers={name: value})
                self._batch(ways, batch)

    def _batch(self, ways: list[str], batch: Batch) -> None:
        few = len(batch.names) in _END_POINT_SIZES
        expected = self._expected([w for w in ways if few or group_of(w) == "outputs"], batch)
        found = {}
        as_usual = PLAIN in expected and not batch.numbers
        for way in (*expected, *(self._alone if as_usual else ())):
            outputs = self._call(way, batch)
            if outputs is not None:
                found[way] = outputs
                if way in expected:
                    self._compare(way, expected[way], outputs, batch)
        self._both_ways(expected, found, batch)
        if self._folded is not None and as_usual:
            outputs = self._call(FOLDED_WAY, batch)
            if outputs is not None:
                add_folded(self._folded, expected[PLAIN], outputs, batch, batch.case)

    def _expected(self, ways: list[str], batch: Batch) -> dict[str, Arrays]:
        """Calls the reference; what it does not give is not compared."""
        try:
            return self._reference.inference(ways, batch.inputs, batch.numbers)
        except ModelCallError:
            found: dict[str, Arrays] = {}
        for way in ways:
            try:
                found |= self._reference.inference([way], batch.inputs, batch.numbers)
            except ModelCallError as error:
                if (way, batch.case) not in self._missing:
                    # Of others in the same case there may be results, which have its name.
                    case = f"{batch.case}, {told(batch.names[0])}"
                    why = f"the reference gives no result: {error.said}"
                    self._collector.skip(group_of(way), way, why, case)
                self._missing.add((way, batch.case))
                self._silent.setdefault(way, error.said)
        return found

    def _call(self, way: str, batch: Batch) -> Arrays | None:
        """Calls the model, and sees what became of its variables."""
        outputs: Arrays | None = self._collector.attempt(
            group_of(way),
            way,
            lambda: self._model.inference([way], batch.inputs, batch.numbers)[way],
            batch.case,
        )
        first = (way, batch.case) not in self._looked
        self._looked.add((way, batch.case))
        # Some calls change what those before them did not.
        if first or any(side.left(way) for side in (self._reference, self._model)):
            self._frozen(way)
        return outputs

    def _frozen(self, way: str) -> None:
        expected, found = (side.left(way) for side in (self._reference, self._model))
        if expected:  # such as a step of training
            wanted, got = (
                {f"{way}: {name}": value for name, value in left.items()}
                for left in (expected, found)
            )
            self._collector.each("frozen", wanted, got, "what it leaves")
        elif found:
            message = f"expected no variable to change, found {len(found)}: {listing(found)}"
            self._collector.fail("frozen", way, message)
        else:
            self._collector.note("frozen", way)

    def _compare(self, way: str, expected: Arrays, found: Arrays, batch: Batch) -> None:
        group, alone = group_of(way), shown_alone(self._ways)
        drawn = self._drawn_by(way, expected, found, batch)
        for name in named_outputs(way, dict.fromkeys(sorted(drawn)), alone=alone):
            why = "it is drawn at random: two calls of the reference give two results"
            self._collector.skip(group, name, why, batch.case)
        expected, found = (
            {key: value for key, value in side.items() if key not in drawn}
            for side in (expected, found)
        )
        if group == "end points":
            expected = {k: expected[k] for k in sorted(expected, key=self._collector.network.rank)}
        self._collector.each(
            group,
            named_outputs(way, expected, alone=alone),
            named_outputs(way, found, alone=alone),
            batch.case,
            examples=batch.names,
        )

    def _drawn_by(self, way: str, expected: Arrays, found: Arrays, batch: Batch) -> set[str]:
        """Names what both draw at random, which is looked for where the two differ."""
        if way not in self._drawn and unequal(expected, found):
            drawn = _changing(self._reference, way, batch)
            self._drawn[way] = drawn
            still = drawn - _changing(self._model, way, batch) if drawn else set()
            for key in sorted(still & found.keys()):
                self._collector.fail(group_of(way), output_name(way, key), DRAWN_ALIKE, "drawn")
        return self._drawn.get(way, set())

    def _both_ways(
        self, expected: dict[str, Arrays], found: dict[str, Arrays], batch: Batch
    ) -> None:
        """Compares every signature with `__call__` where their outputs correspond."""
        for way in found if PLAIN in found else ():
            if not way.startswith(_SIGNATURE) or way == FOLDED_WAY:
                continue
            served = _as_called(found[PLAIN], found[way])
            if served is None:
                if way in self._alone:
                    message = f"expected what {PLAIN} returns, found {listing(found[way])}"
                    self._collector.fail("outputs", way, message)
                continue
            wanted = _as_called(expected[PLAIN], expected[way]) if way in expected else None
            # What the reference's own two ways do not agree on, its copies' need not.
            apart = set(unequal(expected[PLAIN], wanted)) if wanted is not None else set()
            case, named = batch.case, {k: _equals(way, output_name(PLAIN, k)) for k in served}
            for key in sorted(apart & served.keys()):
                self._alike.skip("outputs", named[key], "the reference's own two ways differ", case)
            called, given = (
                {named[k]: v for k, v in side.items() if k not in apart}
                for side in (found[PLAIN], served)
            )
            self._alike.each("outputs", called, given, case, examples=batch.names)

    def checks(self) -> list[Check]:
        """Returns the checks so far."""
        folded = [] if self._folded is None else self._folded.checks()
        return [*self._collector.checks(), *self._alike.checks(), *folded]


def _equals(way: str, called: str) -> str:
    return f"{way} equals {called}"


def _as_called(plain: Arrays, served: Arrays) -> Arrays | None:
    """Returns a signature's outputs by the names that `__call__` gives them, if they are those."""
    if len(served) == len(plain) == 1:
        return dict(zip(plain, served.values(), strict=True))
    return served if served.keys() == plain.keys() else None


def _changing(side: Subject, way: str, batch: Batch) -> set[str]:
    """Names the outputs that differ between calls from one state."""
    return changing_results(lambda: side.inference([way], batch.inputs, batch.numbers)[way])
