"""Says of a check whether it shows that something is right."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check


def holds(check: "Check") -> bool:
    """Returns whether it passed, or compared numbers within what was allowed, however wide.

    A warning of an allowance that is wide says so of numbers that keep it; other
    warnings, such as of what an int8 format is not judged by, show nothing.
    """
    wide = check.status == "warning" and check.values > 0 and check.allowance > 0
    return check.status == "passed" or (wide and check.within and not check.naive)
