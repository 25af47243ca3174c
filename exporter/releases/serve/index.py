"""Which releases lie below a folder, found by their manifests and checked once."""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.digests import of_files
from exporter.errors import PublishError, printable, reason
from exporter.releases.manifest import MANIFEST, SIGNATURE, Manifest, ReleaseFile, load

# Handles have few parts; a folder that is deeper holds something else.
_MAX_DEPTH = 16
# Seconds for which the folder is taken to be as it was; and over those that a look takes.
_FRESH, _FRESH_OVER_LOOK = 1.0, 10

FileIdentity = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file as it was when it was checked.

    Attributes:
        path: Where it lies, without links on the way.
        content: What it held.
        identity: What changes when the file does.
    """

    path: Path
    content: ReleaseFile
    identity: FileIdentity


@dataclass(frozen=True, slots=True)
class ServedRelease:
    """A release that is what its manifest says.

    Attributes:
        manifest: What it says of itself.
        files: All that is served of it, by name.
    """

    manifest: Manifest
    files: dict[str, ServedFile]


@dataclass(frozen=True, slots=True)
class Index:
    """What lies below a folder.

    Attributes:
        releases: By handle.
        damaged: What is not served, by its folder, and why.
        handles: Those of damaged releases, as far as they are known.
    """

    releases: dict[str, ServedRelease] = field(default_factory=dict)
    damaged: dict[Path, str] = field(default_factory=dict)
    handles: frozenset[str] = frozenset()


class Catalog:
    """Looks through a folder when it is asked and its last look is a second old.

    Digests are kept for as long as a file's device, inode, size and times stay.

    Attributes:
        root: The folder.
        tell: Called with a sentence for every release that was found damaged.
    """

    def __init__(self, root: Path, tell: Callable[[str], None]) -> None:
        self.root = root.resolve(strict=True)
        self._tell = tell
        self._lock = threading.Lock()
        self._files: dict[Path, ServedFile] = {}
        self._known = self._files
        self._index = Index()
        self._stale_at = float("-inf")

    def index(self) -> Index:
        """Returns what is there now, or was within the last second."""
        with self._lock:
            if (start := time.monotonic()) >= self._stale_at:
                self._index = self._look()
                took = time.monotonic() - start
                self._stale_at = time.monotonic() + max(_FRESH, _FRESH_OVER_LOOK * took)
            return self._index

    def _look(self) -> Index:
        releases: dict[str, ServedRelease] = {}
        damaged: dict[Path, str] = {}
        handles: set[str] = set()
        self._known, self._files = self._files, {}
        for folder in _folders(self.root, lambda error: damaged.update(_unreadable(error))):
            try:
                manifest = load(folder)
                handles.add(manifest.handle)
                release = self._release(folder, manifest)
                if manifest.handle in releases:
                    raise PublishError(
                        f"Release '{folder}' is not served: expected every handle once, found"
                        f" '{manifest.handle}' again. Move one of the two elsewhere."
                    )
                releases[manifest.handle] = release
            # Names that no file can have are found when one is looked for.
            except (PublishError, OSError, ValueError) as error:
                damaged[folder] = printable(str(error))
        for folder in damaged.keys() - self._index.damaged.keys():
            self._tell(damaged[folder])
        return Index(releases, damaged, frozenset(handles - releases.keys()))

    def _release(self, folder: Path, manifest: Manifest) -> ServedRelease:
        files = {}
        for name, listed in manifest.files.items():
            file = self._file(folder, name)
            if (found := file.content) != listed:
                if is_pointer(file.path):
                    raise PublishError(f"File '{name}' of release '{folder}' {IS_POINTER}")
                raise _damaged(folder, name, f"sha256 {listed.sha256}, found {found.sha256}")
            files[name] = file
        for name in (MANIFEST, SIGNATURE):
            if os.path.lexists(folder / name):
                files[name] = self._file(folder, name)
        return ServedRelease(manifest, files)

    def _file(self, folder: Path, name: str) -> ServedFile:
        path = folder / name
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):
                raise _damaged(folder, name, "a regular file, found a link or something else")
            identity = identity_of(found)
            known = self._known.get(path)
            if known is None or known.identity != identity:
                content = ReleaseFile(sha256=of_files([path]), size=found.st_size)
                known = ServedFile(path, content, identity)
            self._files[path] = known
        except OSError as error:
            raise _damaged(folder, name, f"to be there, found: {reason(error)}") from error
        return known


def identity_of(found: os.stat_result) -> FileIdentity:
    """Takes from a file's status what changes when the file does."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _damaged(folder: Path, name: str, expected: str) -> PublishError:
    return PublishError(
        f"Release '{folder}' is damaged and not served: '{name}' expected {expected}."
        " Publish it again."
    )


def _unreadable(error: OSError) -> dict[Path, str]:
    folder = Path(error.filename)
    told = f"Folder '{folder}' cannot be read and is not served: {reason(error)}."
    return {folder: printable(f"{told} Change its permissions, or move it elsewhere.")}


def _folders(root: Path, unreadable: Callable[[OSError], None]) -> Iterator[Path]:
    """Finds folders with a manifest, in order; follows no links and no hidden folders."""
    depth = len(root.parts)
    for place, folders, files in os.walk(root, onerror=unreadable):
        folder = Path(place)
        # What is being published lies in hidden folders until it is whole.
        deep = len(folder.parts) - depth >= _MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
        if MANIFEST in files:
            yield folder
