"""TensorFlow Hub's layout in any store that fsspec writes, such as S3."""

import hashlib
import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from exporter.errors import PublishError, listing
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.manifest import MANIFEST
from exporter.releases.targets.target import Address, Payload, Standing, Target, packed
from exporter.staging import RELEASE


@dataclass(frozen=True)
class ObjectStoreTarget(Target):
    """A prefix in a store. Without a manifest nobody takes what lies there for a version.

    A store cannot replace several objects in one step. So a version that
    replaces another is sent beside it, and only when all of it is there is the
    old manifest taken away, the objects moved, and the new manifest put last.

    Attributes:
        store: An fsspec file system.
        root: The version's path in it.
    """

    store: Any
    root: str

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What fsspec's stores raise; those of S3 only where they are installed."""
        found: list[type[Exception]] = [OSError, NotImplementedError, ValueError]
        with suppress(ImportError):
            from botocore.exceptions import BotoCoreError, ClientError

            found += [BotoCoreError, ClientError]
        with suppress(ImportError):
            from aiohttp import ClientError as AiohttpError

            found.append(AiohttpError)
        return tuple(found)

    def compare(self) -> Standing:
        """Compares sizes, then reads back what has the right size."""
        there = self._there()
        kept = self.kept(lambda file: self._equal(file, there.get(file.name)))
        if MANIFEST not in there:
            return Standing("partial" if there else "absent", kept - {MANIFEST})
        same = len(kept) == len(self.payloads) == len(there)
        return Standing("same" if same else "different", kept)

    def send(self, standing: Standing, progress: Progress) -> None:
        """Sends what is missing, the manifest last."""
        replaces = standing.state == "different"
        if replaces:
            self._check_replaceable()
        # The old version is in the way: nothing of it is touched before the new one is near.
        beside = self._beside if replaces else self.root
        missing = [f for f in self.payloads if f.name not in standing.kept or f.name == MANIFEST]
        for count, file in enumerate(missing):
            progress(file.name, count, len(missing))
            self.store.put_file(str(file.path), f"{beside}/{file.name}")
        if replaces:
            self._replace([file.name for file in missing])
        if self.store.exists(self._beside):  # of this run, or of one that was killed
            self.store.rm(self._beside, recursive=True)

    @property
    def _beside(self) -> str:
        """Where a replacement waits: hidden, so that no host takes it for a version."""
        parent, name = posixpath.split(self.root)
        return f"{parent}/.{name}.part"

    def _check_replaceable(self) -> None:
        """Refuses a version among whose objects are others', which would be lost."""
        if strange := [repr(n) for n in self._there() if not re.fullmatch(RELEASE.files, n)]:
            raise PublishError(
                f"Version at '{self.place}' holds more than a release, which would be lost:"
                f" expected our files alone, found {listing(strange)}. Move that elsewhere, or"
                " change --to."
            )

    def _replace(self, names: list[str]) -> None:
        stale = self._there().keys() - {file.name for file in self.payloads}
        for name in (MANIFEST, *sorted(stale - {MANIFEST})):
            self.store.rm_file(f"{self.root}/{name}")
        for name in names:
            self.store.cp_file(f"{self._beside}/{name}", f"{self.root}/{name}")

    def _there(self) -> dict[str, int]:
        """Lists what lies there, with sizes."""
        self.store.invalidate_cache()
        try:
            found = self.store.find(self.root, detail=True)
        except FileNotFoundError:
            return {}
        return {posixpath.relpath(path, self.root): info["size"] for path, info in found.items()}

    def _equal(self, file: Payload, size: int | None) -> bool:
        if size != file.size:
            return False
        with self.store.open(f"{self.root}/{file.name}", "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def open_store(address: Address, release: CheckedRelease) -> ObjectStoreTarget:
    """Opens a URL of fsspec: `<url>/<publisher>/<name>/<version>/`."""
    import fsspec

    url = f"{str(address).rstrip('/')}/{release.handle}"
    try:
        store, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise PublishError(
            f"Target '{address.scheme}://' needs a package that is not installed: expected fsspec's"
            f" own for it, found none ({error}). Install it."
        ) from error
    return ObjectStoreTarget(url, packed(release), release, store, root)
