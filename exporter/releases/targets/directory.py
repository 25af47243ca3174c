"""A directory tree in TensorFlow Hub's layout, and one in TensorFlow Serving's."""

from dataclasses import dataclass, replace
from pathlib import Path

from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.targets import target
from exporter.releases.targets.target import Address, Standing, Target
from exporter.staging import RELEASE, SAVED_MODEL, FolderKind, check_target, staged

_RELEASE, _SERVED = replace(RELEASE, flag="--to"), replace(SAVED_MODEL, flag="--to")


@dataclass(frozen=True)
class DirectoryTarget(Target):
    """A folder on this machine, which appears in one step.

    Attributes:
        folder: Where the version is to be.
        kind: What it is, for the sentences of errors.
    """

    folder: Path
    kind: FolderKind

    def compare(self) -> Standing:
        """Compares with the folder, if it is there."""
        if not self.folder.is_dir():
            check_target(self.folder, overwrite=False, kind=self.kind)
            return Standing("absent")
        check_target(self.folder, overwrite=True, kind=self.kind)
        there = target.payloads_of(self.folder, target.files_below(self.folder))
        one, other = (
            {file.name: file.sha256 for file in files} for files in (there, self.payloads)
        )
        return Standing("same" if one == other else "different")

    def send(self, standing: Standing, progress: Progress) -> None:
        """Copies beside the folder, then renames."""
        with staged(self.folder, overwrite=standing.state == "different", kind=self.kind) as stage:
            self.copy(stage.model, progress)


def open_hub(address: Address, release: CheckedRelease) -> DirectoryTarget:
    """Opens `file://` or a path: `<root>/<publisher>/<name>/<version>/`."""
    folder = _local(address) / str(release.handle)
    return DirectoryTarget(str(folder), target.packed(release), release, folder, _RELEASE)


def open_serving(address: Address, release: CheckedRelease) -> DirectoryTarget:
    """Opens `tfserving://`: `<path>/<version>/`, with the SavedModel itself in it."""
    folder = _local(address) / str(release.handle.version)
    payloads = target.payloads_of(release.model, target.files_below(release.model))
    return DirectoryTarget(str(folder), payloads, release, folder, _SERVED)


def _local(address: Address) -> Path:
    if address.host not in ("", "localhost"):
        raise PublishError(
            f"Target '{address}' is on another machine: expected {address.scheme}:///path, found"
            f" the host '{address.host}'. Change --to."
        )
    path = Path(address.path).expanduser()
    return path.absolute() if address.path else Path.cwd()
