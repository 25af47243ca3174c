"""A release's folder, held against what its manifest says."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter import temporary
from exporter.errors import PublishError, listing, reason
from exporter.releases import archive, contents, handle, manifest
from exporter.releases.contents import Problem
from exporter.releases.handle import Handle
from exporter.releases.manifest import ARCHIVE, MANIFEST, SIGNATURE, Manifest


@dataclass(frozen=True, slots=True)
class CheckedRelease:
    """A release that is what its manifest says.

    Attributes:
        folder: Where a copy of it lies that nobody else writes into.
        manifest: What it says of itself.
        handle: `publisher/name/version`.
        model: Its SavedModel, unpacked.
        workspace: An empty folder for whatever else is made of it.
    """

    folder: Path
    manifest: Manifest
    handle: Handle
    model: Path
    workspace: Path

    @property
    def page(self) -> Path:
        """The model's page."""
        return self.folder / self.manifest.page_name

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the release's files; the manifest, which tells a whole one, comes last."""
        signature = [SIGNATURE] if (self.folder / SIGNATURE).is_file() else []
        return (*sorted(self.manifest.files), *signature, MANIFEST)


@contextmanager
def opened(folder: Path) -> Iterator[CheckedRelease]:
    """Checks a release and unpacks its model.

    Args:
        folder: The release.

    Yields:
        The release; its model and workspace go afterwards.

    Raises:
        PublishError: If it is not what its manifest says, or changes meanwhile.
        FetchError: If its archive is not safe to unpack.
    """
    told = check_release(folder)
    with ExitStack() as places:
        copy, model, workspace = (places.enter_context(temporary.folder()) for _ in range(3))
        try:
            # What is sent is what was checked, whatever becomes of the folder meanwhile.
            _copy(folder, copy, told)
            _refuse(folder, contents.of_archive(told, archive.unpacked(copy / ARCHIVE, model)))
            _check_page(copy / told.page_name, folder)
        except OSError as error:
            raise PublishError(
                f"Release '{folder}' cannot be unpacked into '{model}': {reason(error)}. Free some"
                " space, or set TMPDIR to another folder."
            ) from error
        yield CheckedRelease(copy, told, handle.parse(told.handle), model, workspace)


def _copy(folder: Path, copy: Path, told: Manifest) -> None:
    """Copies a release, and holds the copy against the manifest that was checked.

    Raises:
        PublishError: If the release changed meanwhile.
    """
    for name in (*told.files, SIGNATURE, MANIFEST):
        if (folder / name).is_file():
            # A link that has taken a file's place is copied as one, and refused as such.
            shutil.copyfile(folder / name, copy / name, follow_symlinks=False)
    if manifest.load(copy) != told:
        raise PublishError(
            f"Release '{folder}' changed while it was read. Try again when nothing writes there."
        )
    _refuse(folder, contents.of_release(told, contents.read(copy)))


def check_release(folder: Path) -> Manifest:
    """Compares the files of a release with what its manifest states.

    Args:
        folder: The release.

    Returns:
        The manifest.

    Raises:
        PublishError: If there is none, or a file was changed, added or is missing.
    """
    told = manifest.load(folder)
    _refuse(folder, contents.of_release(told, contents.read(folder)))
    return told


def _refuse(folder: Path, problems: Iterator[Problem]) -> None:
    if found := listing(map(str, problems)):
        raise PublishError(
            f"Release '{folder}' is not what its manifest says: expected its files as listed,"
            f" found {found}. Package the model again, or copy the release again."
        )


def _check_page(page: Path, folder: Path) -> None:
    try:
        page.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PublishError(
            f"Page '{folder / page.name}' is malformed: expected UTF-8, found {error.reason}."
            " Package the model again."
        ) from error
