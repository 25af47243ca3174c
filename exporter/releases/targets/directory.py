"""A directory tree in TensorFlow Hub's layout, and one in TensorFlow Serving's."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.manifest import MANIFEST
from exporter.releases.targets.address import Address
from exporter.releases.targets.target import (
    Payload,
    Standing,
    files_below,
    payload,
    payloads_of,
)
from exporter.staging import SAVED_MODEL, FolderKind, check_target, staged

_RELEASE = FolderKind("release", MANIFEST, "--to")
_SERVED = FolderKind(SAVED_MODEL.name, SAVED_MODEL.marker, "--to")


@dataclass(frozen=True, slots=True)
class DirectoryTarget:
    """A folder on this machine, which appears in one step.

    Attributes:
        folder: Where the version is to be.
        payloads: What belongs there.
        kind: What it is, for the sentences of errors.
    """

    folder: Path
    payloads: tuple[Payload, ...]
    kind: FolderKind

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the system says."""
        return (OSError,)

    def compare(self) -> Standing:
        """Compares with the folder, if it is there."""
        if not self.folder.is_dir():
            check_target(self.folder, overwrite=False, kind=self.kind)
            return Standing("absent")
        check_target(self.folder, overwrite=True, kind=self.kind)
        there = payloads_of(self.folder, files_below(self.folder))
        return Standing("same" if _digests(there) == _digests(self.payloads) else "different")

    def send(self, standing: Standing, progress: Progress) -> None:
        """Copies beside the folder, then renames."""
        with staged(self.folder, overwrite=standing.state == "different", kind=self.kind) as stage:
            for count, file in enumerate(self.payloads):
                progress(file.name, count, len(self.payloads))
                copy = stage.model / file.name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.path, copy)
                _check_copy(payload(file.name, copy), file)


def open_hub(address: Address, release: CheckedRelease) -> DirectoryTarget:
    """Opens `file://` or a path: `<root>/<publisher>/<name>/<version>/`."""
    folder = _local(address) / str(release.handle)
    return DirectoryTarget(folder, payloads_of(release.folder, release.names), _RELEASE)


def open_serving(address: Address, release: CheckedRelease) -> DirectoryTarget:
    """Opens `tfserving://`: `<path>/<version>/`, with the SavedModel itself in it."""
    folder = _local(address) / str(release.handle.version)
    payloads = payloads_of(release.model, files_below(release.model))
    return DirectoryTarget(folder, payloads, _SERVED)


def _local(address: Address) -> Path:
    if address.host not in ("", "localhost"):
        raise PublishError(
            f"Target '{address}' is on another machine: expected {address.scheme}:///path, found"
            f" the host '{address.host}'. Change --to."
        )
    path = Path(address.path).expanduser()
    return path.absolute() if address.path else Path.cwd()


def _digests(files: Iterable[Payload]) -> dict[str, str]:
    return {file.name: file.sha256 for file in files}


def _check_copy(copy: Payload, original: Payload) -> None:
    if copy.sha256 != original.sha256:
        raise PublishError(
            f"File '{original.path}' was changed while it was copied: expected sha256"
            f" {original.sha256}, found {copy.sha256}. Try again."
        )
