"""Sends a release to a place, or says what would be sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.targets.failures import described
from exporter.releases.targets.target import Target
from exporter.releases.trial import Rehearsal

Action = Literal["published", "replaced", "unchanged"]
# What becomes of a version; one that is not there is published.
_ACTIONS: dict[str, Action] = {"same": "unchanged", "different": "replaced"}


@dataclass(frozen=True)
class PublishRequest:
    """What to publish.

    Attributes:
        release: Folder of the release.
        to: Where, as a path or a URL.
        overwrite: Whether a version of other bytes may be replaced.
        dry_run: Whether to send nothing.
        rehearse: Whether to load it back from this machine first, and to send
            it only if all is right.
    """

    release: Path
    to: str
    overwrite: bool = False
    dry_run: bool = False
    rehearse: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of a publication.

    Attributes:
        name: Its path at the destination.
        size: In bytes.
        sha256: Of its contents.
        sent: False where it was there already with the same bytes.
    """

    name: str
    size: int
    sha256: str
    sent: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """What was done, or would be.

    Attributes:
        place: Where.
        action: What became of the version there.
        dry_run: Whether nothing was sent.
        files: All that belong to the version.
        rehearsal: What was tried before; None if nothing was.
    """

    place: str
    action: Action
    dry_run: bool
    files: tuple[Sent, ...]
    rehearsal: Rehearsal | None = None


def send(
    target: Target, request: PublishRequest, rehearsal: Rehearsal | None, progress: Progress
) -> Publication:
    """Sends to a place what is not there.

    Args:
        target: The place, with what belongs there.
        request: What to publish.
        rehearsal: What was tried before; None if nothing was.
        progress: Told what is sent.

    Returns:
        What was done.

    Raises:
        PublishError: If another version is there, or the host or the network fails.
    """
    with _failures(target, "nothing was sent"):
        progress("compare", 0, None)
        standing = target.compare()
    if standing.state == "different" and not request.overwrite:
        raise PublishError(
            f"Version at '{target.place}' exists already: expected none or the same bytes, found"
            " others. Give the model a new version, or use --overwrite."
        )
    if standing.state != "same" and not request.dry_run:
        with _failures(target, "publish again to send the rest"):
            target.send(standing, progress)
    same = standing.state == "same"
    files = tuple(
        Sent(file.name, file.size, file.sha256, not same and file.name not in standing.kept)
        for file in target.payloads
    )
    action = _ACTIONS.get(standing.state, "published")
    return Publication(target.place, action, request.dry_run, files, rehearsal)


@contextmanager
def _failures(target: Target, then: str) -> Iterator[None]:
    try:
        yield
    except target.failures as error:
        raise PublishError(
            f"Target '{target.place}' cannot be published to: {described(error)}. Check the"
            f" network, --to and the credentials of the host's own tools; {then}."
        ) from error
