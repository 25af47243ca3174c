"""The published archives: fetched once, kept in the user's cache, and unpacked."""

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from checkpoints import catalog
from checkpoints.catalog import PublishedCheckpoint
from checkpoints.layout import AVERAGES_FOLDER, folders_with_checkpoints
from exporter.digests import algorithm_of, of_files
from exporter.errors import FetchError, most_alike, reason
from exporter.progress import Progress, silent
from slim_nets.registry import Variant, of_same_weights

MIRROR_VARIABLE = "SLIM_EXPORT_MIRROR"
CACHE_VARIABLE = "SLIM_EXPORT_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How published archives are had.

    Attributes:
        cache_dir: Where they are kept; None for the default.
        mirror: URL of a folder that holds them; None for the default.
        timeout: Seconds without a byte after which a connection is given up.
        progress: Told how far a download is.
    """

    cache_dir: Path | None = None
    mirror: str | None = None
    timeout: float = 20.0
    progress: Progress = silent


def cache_dir(chosen: Path | None = None) -> Path:
    """Returns the folder of the cache: as chosen, else `SLIM_EXPORT_CACHE_DIR`, else the user's."""
    if chosen is not None:
        return chosen
    if from_environment := os.environ.get(CACHE_VARIABLE):
        return Path(from_environment)
    import platformdirs

    return Path(platformdirs.user_cache_dir("slim-export"))


def make_cache_folder(folder: Path) -> None:
    """Makes a folder of the cache, unless it is there.

    Raises:
        OSError: If it cannot be made, also where the user has no home to have a cache in.
    """
    if folder.parts[0] == "~":  # which the system knew no folder for
        raise OSError(errno.ENOENT, "the user has no home")
    folder.mkdir(parents=True, exist_ok=True)


def cached_archive(published: PublishedCheckpoint, chosen: Path | None = None) -> Path:
    """Returns where the cache holds an archive, or would."""
    return cache_dir(chosen) / published.file_name


def published_checkpoint(variant: Variant) -> PublishedCheckpoint:
    """Returns the published archive of a variant; of the same network at any size if there is one.

    Raises:
        FetchError: If none was published, or several were, each for another size of images.
    """
    names = [named.name for named in of_same_weights(variant)]
    rows = {name: row for name in names if (row := catalog.for_variant(name))}
    if variant.name in rows or len(rows) == 1:
        return rows.get(variant.name) or next(iter(rows.values()))
    if rows:
        raise FetchError(
            f"Variant '{variant.name}' has several published checkpoints: expected one of"
            f" {', '.join(rows)}, which were trained at these sizes of images. Fetch one by"
            " 'slim-export fetch', and give its archive as --checkpoint."
        )
    published = [row.variant for row in catalog.checkpoints() if row.variant]
    raise FetchError(
        f"Variant '{variant.name}' has no published checkpoint: expected one of"
        f" {most_alike(variant.name, published)}."
        " Export it with --checkpoint=PATH or --checkpoint=seeded:0."
    )


def fetch(published: PublishedCheckpoint, options: FetchOptions) -> Path:
    """Gets a published archive, from the cache or the network.

    Several processes may do so at once: one downloads, the others wait for it.

    Args:
        published: Which.
        options: Where from and where to.

    Returns:
        The archive in the cache. Its digest was checked where one is known.

    Raises:
        FetchError: If it could not be had.
    """
    from filelock import FileLock

    archive = cached_archive(published, options.cache_dir)
    try:
        if _is_good(archive, published):
            return archive
        make_cache_folder(archive.parent)
        with FileLock(archive.with_name(f"{archive.name}.lock")):
            if not _is_good(archive, published):  # unless another process has just finished it
                _download(published, archive, options)
    except OSError as error:
        raise FetchError(
            f"Cache '{archive.parent}' cannot be written: {reason(error)}."
            f" Set --cache_dir or {CACHE_VARIABLE} to another folder."
        ) from error
    return archive


def _download(published: PublishedCheckpoint, archive: Path, options: FetchOptions) -> None:
    from exporter.download import Patience, download
    from exporter.unpack import MAX_BYTES, check_checkpoint

    mirror = options.mirror or os.environ.get(MIRROR_VARIABLE)
    if mirror and not mirror.startswith(("http://", "https://")):
        raise FetchError(
            f"Mirror '{mirror}' is not a URL: expected http:// or https://. Change --mirror."
        )
    download(
        f"{mirror.rstrip('/')}/{published.file_name}" if mirror else published.url,
        archive,
        digest=published.digest,
        patience=Patience(timeout=options.timeout, most=MAX_BYTES),
        progress=options.progress,
        # An archive that ends early is told by its own checksum, if by no other.
        check=lambda archive: check_checkpoint(archive, published.prefix),
    )


def _is_good(archive: Path, published: PublishedCheckpoint) -> bool:
    """Says whether the cache holds an archive; a damaged file in its place is fetched again.

    Raises:
        FetchError: If something else is there, which is not ours to replace or to read.
        OSError: If it cannot be read.
    """
    from exporter.unpack import check_checkpoint

    if not os.path.lexists(archive):
        return False
    if not stat.S_ISREG(archive.lstat().st_mode):
        raise FetchError(
            f"Cached archive '{archive}' is no file: expected one, found a folder, link or pipe."
            " Delete it and try again."
        )
    if (digest := published.digest) is not None:
        return of_files([archive], algorithm_of(digest)) == digest
    with suppress(FetchError):
        check_checkpoint(archive, published.prefix)
        return True
    return False


def unpacked(archive: Path, workspace: Path) -> Path:
    """Unpacks an archive in the published layout.

    Args:
        archive: A `.tgz`.
        workspace: An empty folder to unpack into.

    Returns:
        The folder of its moving averages, or the only one with a checkpoint.

    Raises:
        FetchError: If it cannot be unpacked, or holds several checkpoints or none.
    """
    from exporter.unpack import unpack

    try:
        unpack(archive, workspace)
    except OSError as error:
        raise FetchError(
            f"Archive '{archive}' cannot be unpacked into '{workspace}': {reason(error)}."
            " Free some space, or choose another --output_dir."
        ) from error
    folders = folders_with_checkpoints(workspace)
    averages = {folder for folder in folders if folder.name == AVERAGES_FOLDER}
    chosen = averages or folders
    if len(chosen) != 1:
        found = ", ".join(sorted(str(f.relative_to(workspace)) for f in chosen)) or "none"
        raise FetchError(
            f"Archive '{archive}' is not in the published layout: expected one checkpoint in a"
            f" folder '{AVERAGES_FOLDER}', found {found}. Unpack it and give the prefix itself."
        )
    return chosen.pop()
