"""Compares a converted model, run in its own runtime, with the SavedModel it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from exporter.converters.cosines import cosines, wrong_example
from exporter.converters.format_table import Format, Runner
from exporter.converters.source_model import SourceModel
from exporter.errors import reason
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import Collector, named_outputs
from exporter.verifier.comparison.drawing import DRAWN_ALIKE, changing_results
from exporter.verifier.report.records import Check, Group
from exporter.verifier.subjects.examples import Batch, Examples
from exporter.verifier.subjects.subject import Arrays, as_array

# Which examples a check is about; users look for those that are photographs.
PHOTOGRAPHS = "photographs"
# Of images in [0, 1]: what lies outside says nothing about numbers of eight bits.
IMAGES = ("ramp", "noise", "half")


def compare_outputs(
    run: Runner, source: SourceModel, row: Format, examples: Examples, allowance: Allowance
) -> list[Check]:
    """Compares the outputs on every example, at every batch size, probes and photographs apart.

    Args:
        run: The converted model.
        source: The SavedModel's signature.
        row: The format.
        examples: Probes and images.
        allowance: What may differ in a float format.

    Returns:
        One check an output and batch size, in quantized formats one an example too.
    """
    comparison = _Comparison(source, row, allowance)
    probes = replace(examples, images=())
    images = replace(examples, plan=replace(examples.plan, probes=()))
    for part, kind in ((images, PHOTOGRAPHS), (probes, "probes")):
        for batch in part.batches():
            comparison.add(run, batch, f"{kind}, {batch.case}")
    return comparison.checks()


def compare_end_points(
    run: Runner, source: SourceModel, row: Format, examples: Examples, allowance: Allowance
) -> list[Check]:
    """Compares all end points once, in the network's order.

    Args:
        run: The same model, converted with its end points as outputs.
        source: The SavedModel's end points.
        row: The format.
        examples: Of which the typical ones are used.
        allowance: What may differ in a float format.

    Returns:
        One check an end point.
    """
    comparison = _Comparison(source, row, allowance)
    comparison.add(run, examples.typical(), "layers")
    return comparison.checks()


class _Comparison:
    """Collects differences: by the allowance, or for quantized formats by cosine."""

    def __init__(self, source: SourceModel, row: Format, allowance: Allowance) -> None:
        self._source = source
        self._floor = row.floor
        self._collector = Collector(allowance, source.network)
        self._cosines: dict[tuple[str, str], list[Check]] = {}
        # The names of what is drawn at random; None before anything was run.
        self._drawn: set[str] | None = None
        self._group: Group = "end points" if source.way.startswith("__call__") else "outputs"
        # An end point that a runtime needs not keep is no tensor of the file.
        self._optional = row.eight_bits and self._group == "end points"

    def add(self, run: Runner, batch: Batch, case: str) -> None:
        """Runs both on one batch."""
        expected = self._expected(batch)
        try:
            found = self._found(run, batch)
            drawn = self._drawn_by(run, batch)
        except Exception as error:  # noqa: BLE001  (a runtime raises what it likes)
            message = f"expected a result, found an error: {reason(error)}"
            self._collector.fail(self._group, self._source.way, message, case)
            return
        for name in sorted(drawn):
            why = "it is drawn at random: two calls of the SavedModel give two results"
            self._collector.skip(self._group, name, why, case)
        expected, found = (
            {name: value for name, value in side.items() if name not in drawn}
            for side in (expected, found)
        )
        if self._floor is None:
            self._collector.each(self._group, expected, found, case, examples=batch.names)
            return
        if len(batch.names) == 1 and self._group == "outputs":
            case = f"{case}, '{batch.names[0]}'"
        for name, value in expected.items():
            check = self._judged(name, case, value, found.get(name), batch.names)
            self._cosines.setdefault((name, case), []).append(check)
        for name in sorted(found.keys() - expected.keys()):
            self._collector.fail(self._group, name, "expected none, found it", case)

    def _expected(self, batch: Batch) -> dict[str, np.ndarray]:
        return self._named(self._source.expected(batch.inputs))

    def _found(self, run: Runner, batch: Batch) -> dict[str, np.ndarray]:
        outputs = run(self._source.named(batch.inputs))
        return self._named({name: as_array(value) for name, value in outputs.items()})

    def _drawn_by(self, run: Runner, batch: Batch) -> set[str]:
        """Names what the SavedModel draws at random, as what was made of it has to do too."""
        if self._drawn is None:
            draws = self._source.draws
            drawn = changing_results(lambda: self._expected(batch)) if draws else set[str]()
            still = drawn - changing_results(lambda: self._found(run, batch)) if drawn else ()
            for name in sorted(still):
                self._collector.fail(self._group, name, DRAWN_ALIKE, "drawn")
            self._drawn = drawn
        return self._drawn

    def _named(self, outputs: Arrays) -> dict[str, np.ndarray]:
        named: dict[str, np.ndarray] = named_outputs(self._source.way, outputs, alone=True)
        return named

    def _judged(
        self,
        name: str,
        case: str,
        expected: np.ndarray,
        found: np.ndarray | None,
        examples: Sequence[str],
    ) -> Check:
        assert self._floor is not None, "only formats with a floor come here"
        figures: dict[str, Any]
        if found is None and self._optional and expected.dtype.kind == "f":
            figures = {"status": "skipped", "message": "no tensor of the file holds it"}
        elif found is None or found.shape != expected.shape:
            shape = "none" if found is None else f"shape {list(found.shape)}"
            message = f"expected shape {list(expected.shape)}, found {shape}"
            figures = {"status": "failed", "message": message}
        elif expected.dtype.kind != "f":
            figures = _of_equality(expected, found)
        elif expected.shape[:1] == (len(examples),):
            figures = _of_cosines(expected, found, examples, self._floor)
        else:
            # An output that has no row for each example is compared as a whole.
            figures = _of_cosines(expected[None], found[None], ("all",), self._floor)
        place = self._source.network.place(name)
        if place and figures["message"]:
            figures["message"] += f"; {place}"
        return Check(group=self._group, name=name, case=case, **figures)

    def checks(self) -> list[Check]:
        """Returns one check a name and case."""
        return [*self._collector.checks(), *(_joined(c) for c in self._cosines.values())]


def _of_equality(expected: np.ndarray, found: np.ndarray) -> dict[str, Any]:
    """Compares what has no angle: whole numbers, such as a class, and strings."""
    differing = int(np.count_nonzero(expected != found))
    return {
        "status": "warning" if differing else "passed",
        "values": expected.size,
        "differing": differing,
        "message": f"{differing} of {expected.size} differ, which no cosine judges"
        if differing
        else "",
    }


def _of_cosines(
    expected: np.ndarray, found: np.ndarray, examples: Sequence[str], floor: float
) -> dict[str, Any]:
    least = float(np.min(list(cosines(expected, found))))
    gap = np.abs(expected.astype(np.float64) - found)
    largest = float(np.abs(np.nan_to_num(expected, posinf=0, neginf=0)).max(initial=0.0))
    max_abs = float(gap.max(initial=0.0))
    wrong = wrong_example(expected, found, examples, floor)
    return {
        "status": "failed" if wrong else "passed",
        "values": expected.size,
        "differing": int(np.count_nonzero(gap)),
        "largest": largest,
        "max_abs": max_abs if np.isfinite(max_abs) else None,
        "max_rel": max_abs / largest if largest and np.isfinite(max_abs) else None,
        "max_ulp": None,
        "cosine": least if np.isfinite(least) else None,
        "floor": floor,
        "reason": f"cosine of every example at least {floor:g}, and nearly its length",
        "message": wrong,
    }


def _joined(checks: list[Check]) -> Check:
    """Makes one check of those of several batches: the worst, with all values counted."""
    order = ("failed", "warning")
    worst = min(
        checks,
        key=lambda c: (*(c.status != s for s in order), c.cosine is not None, c.cosine or 0.0),
    )
    values, differing = (sum(getattr(c, f) for c in checks) for f in ("values", "differing"))
    update: Mapping[str, object] = {
        "values": values,
        "differing": differing,
        "largest": max(c.largest for c in checks),
        "max_abs": _most([c.max_abs for c in checks]),
        "max_rel": _most([c.max_rel for c in checks]),
    }
    return worst.model_copy(update=update)


def _most(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None
