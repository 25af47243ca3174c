"""The report as annotations of a GitHub workflow."""

from collections.abc import Iterator

from exporter.verify.report import VerificationReport

# GitHub shows no more of a kind than this from one step.
_SHOWN = 10
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_DATA, ":": "%3A", ",": "%2C"}


def annotations(report: VerificationReport) -> Iterator[str]:
    """Makes workflow commands.

    Args:
        report: The report.

    Yields:
        One line a failure or warning, at most ten of each kind, of which the
        last counts the others.
    """
    for command, status in (("error", "failed"), ("warning", "warning")):
        checks = report.with_status(status)  # type: ignore[arg-type]
        shown = checks if len(checks) <= _SHOWN else checks[: _SHOWN - 1]
        for check in shown:
            title = _escaped(f"{check.group}: {check.title}", _IN_PROPERTIES)
            yield f"::{command} title={title}::{_escaped(check.message, _IN_DATA)}"
        if len(shown) < len(checks):
            yield f"::{command} title=slim-export verify::and {len(checks) - len(shown)} more"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
