"""Reports as annotations of a GitHub workflow."""

from collections.abc import Iterator, Sequence

from exporter.verifier.report.verification_report import VerificationReport

# GitHub shows no more of a kind than this from one step.
_SHOWN = 10
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_DATA, ":": "%3A", ",": "%2C"}


def annotations(report: VerificationReport) -> Iterator[str]:
    """Makes workflow commands.

    Args:
        report: The report.

    Yields:
        One line a failure or warning, at most ten of each kind.
    """
    for command, status in (("error", "failed"), ("warning", "warning")):
        checks = report.with_status(status)  # type: ignore[arg-type]
        messages = [(f"{check.group}: {check.title}", check.message) for check in checks]
        yield from workflow_commands(command, messages, "slim-export verify")


def workflow_commands(
    command: str, messages: Sequence[tuple[str, str]], source: str
) -> Iterator[str]:
    """Makes workflow commands of one kind.

    Args:
        command: Such as `error`.
        messages: Titles and texts.
        source: Title of the last one, where it stands for all that are too many.

    Yields:
        One line a message, at most ten, of which the last counts the others.
    """
    shown = messages if len(messages) <= _SHOWN else messages[: _SHOWN - 1]
    for title, text in shown:
        yield f"::{command} title={_escaped(title, _IN_PROPERTIES)}::{_escaped(text, _IN_DATA)}"
    if len(shown) < len(messages):
        yield f"::{command} title={source}::and {len(messages) - len(shown)} more"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
