"""Judges models in the tests' own process: against another, or by the rules."""

from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.comparing import compare, paired
from exporter.verifier.rules.interface_rules import check_rules
from exporter.verifier.subjects.examples import FULL, Examples
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.loading import load_model


def compared(model, reference, allowance=None, given=None, *, plan=FULL, sizes=()):
    """Compares two SavedModels, without the rules."""
    given = given or Given()
    sides = [load_model(folder, sizes=sizes, given=given) for folder in (model, reference)]
    examples = Examples(sides[1].input_spec, plan, given.images, given.arrays)
    pair = paired(*sides, examples)
    return list(compare(pair, examples, allowance or Allowance()))


def rules(folder, given=None):
    return {check.name: check for check in check_rules(load_model(folder, given=given))}


def failed(checks):
    return _messages(checks, "failed")


def skipped(checks):
    return _messages(checks, "skipped")


def _messages(checks, status):
    return {(c.group, c.name): c.message for c in checks if c.status == status}
