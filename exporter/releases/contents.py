"""Compares files with what a manifest lists, and names what is not as it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.errors import PublishError, reason
from exporter.releases import archive
from exporter.releases.manifest import ARCHIVE, MANIFEST, SIGNATURE, Manifest, ReleaseFile


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a release that is not as it says.

    Attributes:
        kind: Such as "changed".
        what: Which file or part.
        detail: More, where there is more to say.
    """

    kind: str
    what: str
    detail: str = ""

    def __str__(self) -> str:
        """Says all of it."""
        return f"{self.kind} '{self.what}'" + (f" ({self.detail})" if self.detail else "")


def read(folder: Path) -> dict[str, ReleaseFile | None]:
    """Describes what lies in the folder of a release.

    Args:
        folder: The folder.

    Returns:
        By name; None for what is no regular file.

    Raises:
        PublishError: If something cannot be read, or is a pointer of Git LFS.
    """
    found: dict[str, ReleaseFile | None] = {}
    path = folder
    try:
        for path in sorted(folder.iterdir()):
            regular = path.is_file() and not path.is_symlink()
            if regular and is_pointer(path):
                raise PublishError(f"File '{path.name}' of release '{folder}' {IS_POINTER}")
            found[path.name] = archive.file(path) if regular else None
    except OSError as error:
        raise PublishError(
            f"Release '{folder}' cannot be read: '{path}': {reason(error)}. Check --release."
        ) from error
    return found


def of_release(told: Manifest, found: Mapping[str, ReleaseFile | None]) -> Iterator[Problem]:
    """Compares the files of a release with its manifest, which cannot list itself."""
    unlisted = {n for n in (MANIFEST, SIGNATURE) if found.get(n) is not None}
    yield from differences(told.files, {n: f for n, f in found.items() if n not in unlisted})


def of_archive(told: Manifest, packed: Mapping[str, ReleaseFile]) -> Iterator[Problem]:
    """Compares the files in the archive of a release with its manifest."""
    for problem in differences(told.model, packed):
        yield Problem(problem.kind, f"{ARCHIVE}/{problem.what}", problem.detail)
    if archive.digest(packed) != told.model_digest:
        yield Problem("changed", MANIFEST, "model_digest is not that of the model")


def differences(
    expected: Mapping[str, object], found: Mapping[str, object], by: str = ""
) -> Iterator[Problem]:
    """Compares by name, and finds what only has another name.

    Args:
        expected: What tells the content of a file, by its name.
        found: The same; None for what is no regular file.
        by: The problems' detail.

    Yields:
        What is not as expected.
    """
    missing = {name: content for name, content in expected.items() if name not in found}
    added = {name: content for name, content in found.items() if name not in expected}
    for name, content in sorted(missing.items()):
        new = next((other for other, there in added.items() if there == content), None)
        if new is None:
            yield Problem("missing", name, by)
        else:
            del added[new]
            yield Problem("renamed", name, f"to '{new}'")
    for name, content in sorted(found.items()):
        if name in added or expected.get(name, content) != content:
            kind = "added" if name in added else "changed"
            yield Problem(kind, name, "no regular file" if content is None else by)
