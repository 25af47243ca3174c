"""What is asked of every place that releases are published to."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from exporter.digests import of_files
from exporter.progress import Progress

State = Literal["absent", "partial", "same", "different"]


@dataclass(frozen=True, slots=True)
class Payload:
    """One file to send.

    Attributes:
        name: Its path at the destination.
        path: Where it lies here.
        size: In bytes.
        sha256: Of its contents.
    """

    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a place holds of a version.

    Attributes:
        state: "absent" or "partial", where nobody takes it for a version yet;
            "same"; or "different", a whole version of other bytes.
        kept: Names of files that are there with the same bytes.
    """

    state: State
    kept: frozenset[str] = frozenset()


class Target(Protocol):
    """A place for one version of a model."""

    @property
    def place(self) -> str:
        """Where that is, for people."""

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """What belongs there, in the order in which it is sent."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the host's library raises where the host or the network fails."""

    def compare(self) -> Standing:
        """Asks the host what is there."""

    def send(self, standing: Standing, progress: Progress) -> None:
        """Sends what is not there, so that the version appears whole or not at all.

        Args:
            standing: What is there; a different version is replaced.
            progress: Told of every file.
        """


def payload(name: str, path: Path) -> Payload:
    """Takes a file's size and digest."""
    return Payload(name, path, path.stat().st_size, of_files([path]))


def payloads_of(folder: Path, names: Iterable[str]) -> tuple[Payload, ...]:
    """Makes payloads of files that keep their names, in the order given."""
    return tuple(payload(name, folder / name) for name in names)


def files_below(folder: Path) -> list[str]:
    """Lists the files below a folder by their paths, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
