"""Finds the files of the data, and cuts them into pieces that keep every worker busy."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from exporter.errors import EvaluationError, last_line, listing
from exporter.evaluating.labelled_images import NO_IMAGE, Piece

# Also those that TensorFlow cannot decode, which are then told as such.
_IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp"}
    | {".webp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
)
_RECORDS = "tfrecord"
# Enough that no worker waits long for the last one; files of records are cut if they are fewer.
_PIECES = 32


@dataclass(frozen=True)
class DataFiles:
    """The files of the data.

    Attributes:
        pattern: As it was given.
        sizes: Of every file in bytes, by path in sorted order; of a folder without images, 0.
        folders: Names of the classes' folders in sorted order; empty for files of records.
    """

    pattern: str
    sizes: Mapping[str, int]
    folders: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes.values())

    def pieces(self, labels: Mapping[str, int]) -> tuple[Piece, ...]:
        """Cuts the data into pieces.

        Args:
            labels: Of the folders, by name.
        """
        if self.folders:
            return tuple(Piece(path, labels[_folder_of(path)]) for path in self.sizes)
        parts = math.ceil(_PIECES / len(self.sizes))
        return tuple(
            Piece(path, part=part, parts=parts) for part in range(parts) for path in self.sizes
        )


def found(data: str) -> DataFiles:
    """Finds the data.

    Args:
        data: A pattern of files of records, or a folder: with a folder of images for each class,
            or with files of records.

    Returns:
        Its files.

    Raises:
        EvaluationError: If there are none, or they cannot be looked for.
    """
    if not _is_folder(data):
        return _of_records(data, _matched(data))
    files = _inside(data, "*/*")
    images = {path: size for path, size in files.items() if _is_image(path)}
    if images:
        images |= dict.fromkeys(_without_images(data, images), 0)
        folders = sorted({_folder_of(path) for path in images})
        return DataFiles(data, dict(sorted(images.items())), tuple(folders))
    inside = _inside(data, "*")
    shards = {p: n for p, n in inside.items() if _RECORDS in PurePosixPath(p).name}
    if not shards:
        names = listing(PurePosixPath(path).name for path in {**inside, **files}) or "nothing"
        raise EvaluationError(
            f"Data '{data}' has no images: expected a folder of images for each class, or files"
            f" with '{_RECORDS}' in their names, found {names}. Change --data."
        )
    return _of_records(data, shards)


def _of_records(data: str, files: Mapping[str, int]) -> DataFiles:
    if not files:
        raise EvaluationError(
            f"Data '{data}' is not there: expected files, found none. Quote the pattern, as in"
            " --data='imagenet/validation-*'."
        )
    if all(_is_image(path) for path in files):
        raise EvaluationError(
            f"Data '{data}' is images: expected files of records, or a folder with a folder of"
            f" images for each class, found {listing(PurePosixPath(path).name for path in files)}."
            " Give the folder."
        )
    return DataFiles(data, files)


def _is_image(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _IMAGES


def _is_folder(data: str) -> bool:
    return data.endswith("/") or Path(data).is_dir()


def _folder_of(path: str) -> str:
    return PurePosixPath(path).parent.name


def _inside(folder: str, pattern: str) -> dict[str, int]:
    """Finds the files in a folder that a pattern matches, but for hidden ones.

    On this machine not by Beam, which takes brackets in the folder's own name for a pattern, and
    follows no links to folders.
    """
    if "://" in folder:
        files = _matched(FileSystems.join(folder, pattern))
    else:
        paths = Path(folder).absolute().glob(pattern)
        files = {str(path): _size(path) for path in paths if not path.is_dir()}
    depth = pattern.count("/") + 1
    parts = {path: PurePosixPath(path).parts[-depth:] for path in files}
    return {p: files[p] for p in sorted(files) if not any(n.startswith(".") for n in parts[p])}


def _size(path: Path) -> int:
    """Returns a file's bytes; 0 for a link to nothing, which is told when it is read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _without_images(data: str, images: Mapping[str, int]) -> Iterator[str]:
    """Finds the folders of this machine that would be classes, but have no images."""
    known = {_folder_of(path) for path in images}
    for folder in Path(data).absolute().iterdir() if Path(data).is_dir() else ():
        if folder.is_dir() and folder.name[0] != "." and folder.name not in known:
            yield str(folder / NO_IMAGE)


def _matched(pattern: str) -> dict[str, int]:
    # Beam finds nothing by a pattern of this machine without a folder in it.
    whole = pattern if "://" in pattern else str(Path(pattern).absolute())
    if Path(whole).is_file():  # whatever it is called
        return {whole: _size(Path(whole))}
    try:
        (match,) = FileSystems.match([whole])
    except (BeamIOError, OSError, ValueError) as error:
        raise EvaluationError(
            f"Data '{pattern}' cannot be looked for: expected a file system that Beam reads, found"
            f" {last_line(str(error))}. Change --data, or install what reads it."
        ) from error
    metadata: Sequence[Any] = match.metadata_list
    found = {m.path: m.size_in_bytes for m in metadata if not Path(m.path).is_dir()}
    return dict(sorted(found.items()))
