"""A release's folder, held against what its manifest says."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pydantic

from exporter.digests import of_files, of_folder
from exporter.errors import PublishError, listing, reason
from exporter.publish import handle
from exporter.publish.handle import Handle
from exporter.publish.manifest import ARCHIVE, MANIFEST, SIGNATURE, File, Manifest, page_name
from exporter.unpack import unpack

# A manifest is a page of text; what is longer is none, and is not read into memory.
_MAX_MANIFEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Release:
    """A release that is what its manifest says.

    Attributes:
        folder: Where it lies.
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
        return self.folder / page_name(self.handle.version)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the release's files; the manifest, which tells a whole one, comes last."""
        signature = [SIGNATURE] if (self.folder / SIGNATURE).is_file() else []
        return (*sorted(self.manifest.files), *signature, MANIFEST)


@contextmanager
def opened(folder: Path) -> Iterator[Release]:
    """Checks a release and unpacks its model.

    Args:
        folder: The release.

    Yields:
        The release; its model and workspace go afterwards.

    Raises:
        PublishError: If it is not what its manifest says.
        FetchError: If its archive is not safe to unpack.
    """
    manifest = check_release(folder)
    with tempfile.TemporaryDirectory(prefix="slim-export-", ignore_cleanup_errors=True) as place:
        model, workspace = Path(place, "model"), Path(place, "workspace")
        try:
            model.mkdir()
            workspace.mkdir()
            unpack(folder / ARCHIVE, model)
            _check_model(folder, manifest, model)
            _check_page(folder, manifest)
        except OSError as error:
            raise PublishError(
                f"Release '{folder}' cannot be unpacked into '{place}': {reason(error)}. Free some"
                " space, or set TMPDIR to another folder."
            ) from error
        yield Release(folder, manifest, handle.parse(manifest.handle), model, workspace)


def check_release(folder: Path) -> Manifest:
    """Compares the files of a release with what its manifest states.

    Args:
        folder: The release.

    Returns:
        The manifest.

    Raises:
        PublishError: If there is none, or a file was changed, added or is missing.
    """
    manifest = read_manifest(folder)
    try:
        there = {path.name: path for path in folder.iterdir()}
        for name in (MANIFEST, SIGNATURE):  # which no manifest can list
            there.pop(name, None)
        wrong = _differences(manifest.files, there)
    except OSError as error:
        raise PublishError(
            f"Release '{folder}' cannot be read: {reason(error)}. Check --release."
        ) from error
    if wrong:
        raise PublishError(
            f"Release '{folder}' is not what its manifest says: expected its files as listed,"
            f" found {listing(wrong)}. Package the model again, or copy the release again."
        )
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Reads a release's manifest and checks its form.

    Raises:
        PublishError: If there is none, or it is malformed.
    """
    path = folder / MANIFEST
    try:
        if path.is_symlink() or not path.is_file():
            raise PublishError(
                f"Release '{folder}' is none: expected '{MANIFEST}' in it, found no such file."
                " Give the folder that 'slim-export package' wrote."
            )
        if path.stat().st_size > _MAX_MANIFEST:
            raise PublishError(_malformed(folder, f"more than {_MAX_MANIFEST} bytes"))
        manifest = Manifest.model_validate_json(path.read_bytes())
        version = handle.parse(manifest.handle).version
    except OSError as error:
        raise PublishError(
            f"Release '{folder}' cannot be read: {reason(error)}. Check --release."
        ) from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise PublishError(_malformed(folder, f"in {place}: {first['msg']}")) from error
    for name in (*manifest.files, *manifest.model):
        _check_name(folder, name)
    if missing := {ARCHIVE, page_name(version)} - manifest.files.keys():
        raise PublishError(_malformed(folder, f"no {listing(missing)} among its files"))
    if nested := [name for name in manifest.files if "/" in name]:
        raise PublishError(_malformed(folder, f"{listing(nested)} in a folder of its own"))
    return manifest


def _malformed(folder: Path, found: str) -> str:
    return (
        f"Manifest of release '{folder}' is malformed: expected the form of 'slim-export package',"
        f" found {found}. Package the model again."
    )


def _check_name(folder: Path, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or str(path) != name or any(p.startswith(".") for p in path.parts):
        raise PublishError(_malformed(folder, f"the name {name!r}"))


def _check_model(folder: Path, manifest: Manifest, model: Path) -> None:
    there = {p.relative_to(model).as_posix(): p for p in model.rglob("*") if not p.is_dir()}
    wrong = _differences(manifest.model, there)
    if not wrong and of_folder(model) != manifest.model_digest:
        wrong = ["another digest of the whole"]
    if wrong:
        raise PublishError(
            f"Archive of release '{folder}' is not the model of its manifest: expected the files"
            f" as listed, found {listing(wrong)}. Package the model again."
        )


def _check_page(folder: Path, manifest: Manifest) -> None:
    page = folder / page_name(handle.parse(manifest.handle).version)
    try:
        page.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PublishError(
            f"Page '{page}' is malformed: expected UTF-8, found {error.reason}. Package the model"
            " again."
        ) from error


def _differences(expected: Mapping[str, File], found: Mapping[str, Path]) -> list[str]:
    return [
        *(f"'{name}' missing" for name in expected.keys() - found.keys()),
        *(f"'{name}' added" for name in found.keys() - expected.keys()),
        *(
            f"'{n}' changed"
            for n in expected.keys() & found.keys()
            if _changed(found[n], expected[n])
        ),
    ]


def _changed(path: Path, file: File) -> bool:
    """Says whether a file is another one than was listed."""
    regular = path.is_file() and not path.is_symlink()
    return not regular or path.stat().st_size != file.size or of_files([path]) != file.sha256
