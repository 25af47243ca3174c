"""Compares the variables that two models hold."""

from exporter.errors import listing
from exporter.verifier.comparison.collect import Collector
from exporter.verifier.subjects.subject import Subject


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
