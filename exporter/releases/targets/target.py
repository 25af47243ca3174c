"""What is asked of every place that releases are published to, and what all are told."""

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.digests import of_files
from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.manifest import ARCHIVE, MANIFEST

State = Literal["absent", "partial", "same", "different"]
_LICENSE = re.compile(r"^<!--\s*license\s*:\s*(?P<name>[\w.+-]+)\s*-->$", re.MULTILINE)
# What TensorFlow Hub takes a page without a licence for.
_DEFAULT_LICENSE = "apache-2.0"
_TASKS = {"feature_vector": "image feature vectors", "classification": "image classification"}


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in parts.

    Attributes:
        scheme: Which kind of target; "file" for a plain path.
        host: What stands before the first slash; a bucket or owner elsewhere.
        path: The rest, with that slash; for a plain path all of it.
    """

    scheme: str
    host: str
    path: str

    def __str__(self) -> str:
        """Writes it as a URL."""
        return f"{self.scheme}://{self.host}{self.path}"


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
        kept: Names of files that are there with the same bytes; what is the same is all there.
    """

    state: State
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Target(ABC):
    """A place for one version of a model.

    Attributes:
        place: Where that is, for people.
        payloads: What belongs there, in the order in which it is sent.
        release: What they are of.
    """

    place: str
    payloads: tuple[Payload, ...]
    release: CheckedRelease

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What is raised where the host or the network fails."""
        return (OSError,)

    @abstractmethod
    def compare(self) -> Standing:
        """Asks the host what is there."""

    @abstractmethod
    def send(self, standing: Standing, progress: Progress) -> None:
        """Sends what is not there, so that the version appears whole or not at all.

        Args:
            standing: What is there; a different version is replaced.
            progress: Told of every file.
        """

    def kept(self, is_there: Callable[[Payload], bool]) -> frozenset[str]:
        """Names the payloads that are there."""
        return frozenset(file.name for file in self.payloads if is_there(file))

    def copy(self, folder: Path, progress: Progress) -> None:
        """Copies all payloads into a folder on this machine.

        Raises:
            PublishError: If one was changed meanwhile.
        """
        for count, file in enumerate(self.payloads):
            progress(file.name, count, len(self.payloads))
            copy = folder / file.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, copy)
            if (found := of_files([copy])) != file.sha256:
                raise PublishError(
                    f"File '{file.path}' was changed while it was copied: expected sha256"
                    f" {file.sha256}, found {found}. Try again."
                )


def payload(name: str, path: Path) -> Payload:
    """Takes a file's size and digest."""
    return Payload(name, path, path.stat().st_size, of_files([path]))


def payloads_of(folder: Path, names: Iterable[str]) -> tuple[Payload, ...]:
    """Makes payloads of files that keep their names, in the order given."""
    return tuple(payload(name, folder / name) for name in names)


def files_below(folder: Path) -> list[str]:
    """Lists the files below a folder by their paths, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def packed(release: CheckedRelease) -> tuple[Payload, ...]:
    """Makes payloads of a release as it is, the manifest last."""
    return payloads_of(release.folder, release.names)


def unpacked(release: CheckedRelease, *more: Payload) -> tuple[Payload, ...]:
    """Makes payloads of the SavedModel itself, the records of the release, and the manifest last.

    Args:
        release: The release.
        more: What comes before the manifest.
    """
    records = [name for name in release.names if name not in (ARCHIVE, MANIFEST)]
    return (
        *payloads_of(release.model, files_below(release.model)),
        *payloads_of(release.folder, records),
        *more,
        payload(MANIFEST, release.folder / MANIFEST),
    )


def license_id(release: CheckedRelease) -> str:
    """Returns the SPDX identifier of the page's licence, in lower case."""
    match = _LICENSE.search(release.page.read_text(encoding="utf-8"))
    return (match["name"] if match else _DEFAULT_LICENSE).lower()


def version_notes(release: CheckedRelease) -> str:
    """Says what a version is, where from, and how it was verified."""
    manifest, verified = release.manifest, release.manifest.verification
    trained = manifest.checkpoint is None or manifest.checkpoint.trained
    known = [manifest.variant, _TASKS.get(manifest.task, manifest.task)]
    what = ", ".join(filter(None, [*known, "" if trained else "NOT TRAINED"]))
    weights = manifest.checkpoint.name if manifest.checkpoint else manifest.weights
    return (
        f"{release.handle}: {what or 'a SavedModel'}. Weights {weights}."
        f" {sum(verified.checks.values())} checks against {verified.reference},"
        f" {verified.differing} numbers differ. SavedModel sha256 {manifest.model_digest}."
    )
