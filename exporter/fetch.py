"""Turns what `--checkpoint` says into a checkpoint on this disk."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from checkpoints import catalog
from checkpoints.catalog import PublishedCheckpoint
from checkpoints.layout import CheckpointError, data_files, find_prefix
from exporter.digests import of_files
from exporter.errors import FetchError, InvalidArgumentError, RestoreError, reason
from exporter.progress import Progress, silent
from slim_nets.variants import Variant

MIRROR_VARIABLE = "SLIM_EXPORT_MIRROR"
CACHE_VARIABLE = "SLIM_EXPORT_CACHE_DIR"
PUBLISHED = "published"
SEEDED = "seeded:"
_ARCHIVES = (".tgz", ".tar.gz")
_MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class LocalCheckpoint:
    """A checkpoint on this disk.

    Attributes:
        prefix: Where it lies.
        sha256: Over its index and data files, in this order.
        source: Where it came from, as the user said it.
        trained: False for weights drawn from a seed.
    """

    prefix: Path
    sha256: str
    source: str
    trained: bool = True

    @property
    def name(self) -> str:
        """Name that does not depend on where it lies: as published, else that of the file."""
        if not self.trained:
            return self.source
        return catalog.published_prefix(self.prefix.absolute()) or self.prefix.name


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


def cached_archive(published: PublishedCheckpoint, chosen: Path | None = None) -> Path:
    """Returns where the cache holds an archive, or would."""
    return cache_dir(chosen) / published.file_name


def published_checkpoint(variant: Variant) -> PublishedCheckpoint:
    """Returns the published archive of a variant.

    Raises:
        FetchError: If none was published.
    """
    # A convolutional network's weights serve any image size.
    if (row := catalog.for_variant(replace(variant, image_size=224).name)) is None:
        published = ", ".join(sorted(row.variant for row in catalog.PUBLISHED if row.variant))
        raise FetchError(
            f"Variant '{variant.name}' has no published checkpoint: expected one of {published}."
            " Export it with --checkpoint=PATH or --checkpoint=seeded:0."
        )
    return row


def fetch(variant: Variant, options: FetchOptions) -> Path:
    """Gets the published archive of a variant, from the cache or the network.

    Several processes may do so at once: one downloads, the others wait for it.

    Args:
        variant: One whose float checkpoint was published.
        options: Where from and where to.

    Returns:
        The archive in the cache. Its sha256 was checked where it is known.

    Raises:
        FetchError: If there is no such archive, or it could not be had.
    """
    from filelock import FileLock

    published = published_checkpoint(variant)
    archive = cached_archive(published, options.cache_dir)
    if archive.exists():
        _check_cached(archive, published)
        return archive
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(archive.with_name(f"{archive.name}.lock")):
            if not archive.exists():  # unless another process has just finished it
                _download(published, archive, options)
    except OSError as error:
        raise FetchError(
            f"Cache '{archive.parent}' cannot be written: {reason(error)}."
            f" Set --cache_dir or {CACHE_VARIABLE} to another folder."
        ) from error
    return archive


def _download(published: PublishedCheckpoint, archive: Path, options: FetchOptions) -> None:
    from exporter.download import Patience, download

    base = options.mirror or os.environ.get(MIRROR_VARIABLE) or catalog.BASE_URL
    if not base.startswith(("http://", "https://")):
        raise FetchError(
            f"Mirror '{base}' is not a URL: expected http:// or https://. Change --mirror."
        )
    download(
        f"{base.rstrip('/')}/{published.file_name}",
        archive,
        sha256=published.sha256,
        patience=Patience(timeout=options.timeout),
        progress=options.progress,
        check=_check_whole,
    )


def _check_whole(archive: Path) -> None:
    """Refuses an archive that ends early, which only its own checksum can tell if no other does."""
    from exporter.unpack import read_to_end

    read_to_end(archive)


def _check_cached(archive: Path, published: PublishedCheckpoint) -> None:
    if published.sha256 is not None and (found := of_files([archive])) != published.sha256:
        raise FetchError(
            f"Cached archive '{archive}' is not the published one: expected sha256"
            f" {published.sha256}, found {found}. Delete it and try again."
        )


def locate(
    source: str, variant: Variant, workspace: Path, options: FetchOptions
) -> LocalCheckpoint:
    """Finds the checkpoint that the user asked for; seeded ones are another module's.

    Args:
        source: `published`, a prefix, a folder, or a `.tgz` archive.
        variant: The network that it is for.
        workspace: An empty folder for what is unpacked; the checkpoint may lie in it.
        options: Where published archives are had.

    Returns:
        The checkpoint, its files present but not yet read.

    Raises:
        FetchError: If an archive could not be had or unpacked.
        RestoreError: If the path holds no checkpoint.
    """
    if source == PUBLISHED:
        return _located(_unpacked(fetch(variant, options), workspace), source)
    try:
        path = Path(source).expanduser()
        is_archive = source.endswith(_ARCHIVES) and path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise _unusable(source, error) from error
    return _located(_unpacked(path, workspace) if is_archive else path, source)


def _located(path: Path, source: str) -> LocalCheckpoint:
    try:
        return local(find_prefix(path), source)
    except CheckpointError as error:
        raise RestoreError(str(error)) from error
    except (OSError, ValueError) as error:
        raise _unusable(source, error) from error


def _unusable(source: str, error: Exception) -> RestoreError:
    return RestoreError(
        f"Checkpoint '{source}' cannot be read: {reason(error)}. Check --checkpoint."
    )


def local(prefix: Path, source: str, *, trained: bool = True) -> LocalCheckpoint:
    """Records a checkpoint that lies on this disk, with its digest."""
    files = [prefix.with_name(f"{prefix.name}.index"), *data_files(prefix)]
    return LocalCheckpoint(prefix, of_files(files), source, trained)


def seed_of(source: str) -> int | None:
    """Returns the seed of a `seeded:N` source, None for any other.

    Raises:
        InvalidArgumentError: If N is not a number from 0 to 2**32 - 1.
    """
    if not source.startswith(SEEDED):
        return None
    text = source.removeprefix(SEEDED)
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _MAX_SEED):
        raise InvalidArgumentError(
            f"Seed '{text}' is not one: expected a whole number from 0 to {_MAX_SEED}."
            " Use --checkpoint=seeded:0."
        )
    return int(text)


def _unpacked(archive: Path, workspace: Path) -> Path:
    """Unpacks an archive and returns the folder that holds its moving averages."""
    from exporter.unpack import unpack

    try:
        unpack(archive, workspace)
    except OSError as error:
        raise FetchError(
            f"Archive '{archive}' cannot be unpacked into '{workspace}': {reason(error)}."
            " Free some space, or choose another --output_dir."
        ) from error
    folders = {index.parent for index in workspace.rglob("*.index")}
    averages = {folder for folder in folders if folder.name == "ema"}
    chosen = averages or folders
    if len(chosen) != 1:
        found = ", ".join(sorted(str(f.relative_to(workspace)) for f in chosen)) or "none"
        raise FetchError(
            f"Archive '{archive}' is not in the published layout: expected one checkpoint in a"
            f" folder 'ema', found {found}. Unpack it and give the prefix itself."
        )
    return chosen.pop()
