"""Collects the checks of many named results."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.errors import reason
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.known_network import KnownNetwork
from exporter.verifier.comparison.measure import Measure
from exporter.verifier.report.records import Check, Group, Status
from exporter.verifier.subjects.subject import BARE, PLAIN, ModelCallError

# What calling a model may raise that says that the model is wrong.
CALL_ERRORS = (
    *(ModelCallError, tf.errors.OpError),
    *(AttributeError, LookupError, TypeError, ValueError),
)


_UNKNOWN = KnownNetwork()


class Collector:
    """Compares results by name, batch by batch; one check a name and case.

    Attributes:
        allowance: What may differ.
        network: Says where in the network a name belongs.
    """

    def __init__(self, allowance: Allowance, network: KnownNetwork = _UNKNOWN) -> None:
        self.allowance = allowance
        self.network = network
        self._checks: dict[tuple[Group, str, str], Measure | Check] = {}

    def each(
        self,
        group: Group,
        expected: Mapping[str, Any],
        found: Mapping[str, Any],
        case: str = "",
        label: str = "",
        examples: Sequence[str] = (),
    ) -> None:
        """Compares by name; a name on one side only is a difference.

        Args:
            group: What kind of thing they are.
            expected: The reference's arrays by name, None for what it has no value of.
            found: The model's.
            case: Under which circumstances; a check for each.
            label: Put before where they differ; not told apart.
            examples: Names of the rows, where the first dimension is the batch.
        """
        for name, value in expected.items():
            if name not in found:
                self.fail(group, name, f"{label}expected it, found none{self._at(name)}", case)
            else:
                self._one((group, name, case), value, found[name], label, examples)
        for name in sorted(found.keys() - expected.keys()):
            self.fail(group, name, f"{label}expected none, found it{self._at(name)}", case)

    def _one(
        self,
        key: tuple[Group, str, str],
        expected: Any,
        found: Any,
        label: str,
        examples: Sequence[str],
    ) -> None:
        group, name, case = key
        if expected is None or found is None:
            # A gradient that does not flow does as much as one of zeros.
            if not np.any([value for value in (expected, found) if value is not None]):
                self.note(group, name, case=case)
                return
            wanted, got = ("none", "one") if expected is None else ("one", "none")
            self.fail(group, name, f"{label}expected {wanted}, found {got}{self._at(name)}", case)
        else:
            measure = self._checks.setdefault(
                key, Measure(group, name, self.allowance, case, self.network.place(name))
            )
            if isinstance(measure, Measure):
                measure.add(expected, found, label, examples)

    def fail(self, group: Group, name: str, message: str, case: str = "") -> None:
        """Adds a failed check; of several for one name and case the first stays."""
        self.note(group, name, message, case)

    def note(self, group: Group, name: str, message: str = "", case: str = "") -> None:
        """Adds a check that has no numbers: failed if there is a message, else passed."""
        self._add(group, name, "failed" if message else "passed", message, case)

    def skip(self, group: Group, name: str, why: str, case: str = "") -> None:
        """Adds a check that does not apply."""
        self._add(group, name, "skipped", why, case)

    def _add(self, group: Group, name: str, status: Status, message: str, case: str) -> None:
        """Adds a check; a failure replaces what is there."""
        check = Check(group=group, name=name, case=case, status=status, message=message)
        there = self._checks.get((group, name, case))
        if there is None or (status == "failed" and not _failed(there)):
            self._checks[group, name, case] = check

    def attempt(self, group: Group, name: str, call: Callable[[], Any], case: str = "") -> Any:
        """Calls the model; where that fails, adds a failed check and returns None."""
        try:
            return call()
        except CALL_ERRORS as error:
            self.fail(group, name, f"expected a result, found an error: {reason(error)}", case)
            return None

    def common_ways(
        self, model: Sequence[str], reference: Sequence[str], mark: str = ""
    ) -> list[str]:
        """Returns the ways of calling that both have; one side's own is a failed check.

        Args:
            model: The model's.
            reference: The reference's.
            mark: Put before a way's name in a check.
        """
        for way in reference:
            if way not in model:
                self.fail(
                    group_of(mark + way), mark + way, "expected this way of calling, found none"
                )
        for way in model:
            if way not in reference:
                self.fail(
                    group_of(mark + way), mark + way, "expected no such way of calling, found it"
                )
        return [way for way in reference if way in model]

    def checks(self) -> list[Check]:
        """Returns the checks in the order in which they began."""
        made = self._checks.values()
        return [check.check() if isinstance(check, Measure) else check for check in made]

    def _at(self, name: str) -> str:
        place = self.network.place(name)
        return f"; {place}" if place else ""


def _failed(check: Measure | Check) -> bool:
    return isinstance(check, Check) and check.status == "failed"


def output_name(way: str, key: str) -> str:
    """Names an output of `__call__` or of a signature, such as `signature 'default': logits`."""
    return way if key == BARE else f"{way}: {key}"


def group_of(way: str) -> Group:
    """Returns where a way of calling belongs: what flags ask for are end points."""
    return "outputs" if way == PLAIN or way.startswith("signature ") else "end points"


def shown_alone(ways: Iterable[str]) -> bool:
    """Returns whether at most one of these ways of calling gives end points."""
    return sum(group_of(way) == "end points" for way in ways) <= 1


def named_outputs(way: str, outputs: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    """Gives outputs the names of their checks.

    Args:
        way: Of calling.
        outputs: By the names that the model gives them.
        alone: Whether no other way of calling has end points.

    Returns:
        The same in the same order; end points keep their names.
    """
    if group_of(way) == "end points" and alone:
        return {key or way: value for key, value in outputs.items()}
    return {output_name(way, key): value for key, value in outputs.items()}
