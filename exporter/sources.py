"""Where checkpoints come from: a published archive, a seed, or this disk."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from checkpoints import catalog
from checkpoints.layout import CheckpointError, files_of, find_prefix
from exporter import quiet
from exporter.archives import FetchOptions, fetch, published_checkpoint, unpacked
from exporter.digests import algorithm_of, of_files, unchanged_files
from exporter.errors import FetchError, InvalidArgumentError, RestoreError, reason
from slim_nets.registry import Variant

_PUBLISHED, _SEEDED = "published", "seeded:"
_ARCHIVES = (".tgz", ".tar.gz")
_MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class LocalCheckpoint:
    """A checkpoint on this disk.

    Attributes:
        prefix: Where it lies.
        sha256: Over its index and data files, in this order, or its only file.
        source: Where it came from.
        published: The row of the catalogue, if its bytes are known to be the published ones,
            wherever they lie.
    """

    prefix: Path
    sha256: str
    source: "CheckpointSource"
    published: catalog.PublishedCheckpoint | None = None

    @property
    def name(self) -> str:
        """Name that does not depend on where it lies: as published, else that of the file."""
        if not self.source.trained:
            return str(self.source)
        return (self.published and self.published.prefix) or self.prefix.name

    def unchanged(self) -> AbstractContextManager[str]:
        """Proves that the files stay those that `sha256` is of, for as long as it is entered.

        Raises:
            RestoreError: When entered or left, if they are others.
        """
        subject = f"Checkpoint '{self.source}'"
        return unchanged_files(files_of(self.prefix), RestoreError, subject, self.sha256)


@dataclass(frozen=True, slots=True)
class Published:
    """The published checkpoint of the variant, from the cache, else downloaded.

    Attributes:
        trained: False for weights drawn from a seed.
    """

    trained: ClassVar[bool] = True

    def __str__(self) -> str:
        """Returns what `--checkpoint` says."""
        return _PUBLISHED

    def check(self, variant: Variant) -> None:
        """Refuses what can be refused before anything is loaded.

        Raises:
            FetchError: If there is no such checkpoint.
        """
        published_checkpoint(variant)

    def open(self, variant: Variant, workspace: Path, fetching: FetchOptions) -> LocalCheckpoint:
        """Makes the checkpoint one on this disk.

        Args:
            variant: The network that it is for.
            workspace: An empty folder, in which the checkpoint may lie.
            fetching: How published archives are had.

        Returns:
            The checkpoint, its files present but not yet read.

        Raises:
            FetchError: If an archive could not be had or unpacked.
            RestoreError: If there is no checkpoint, or it cannot be written.
        """
        wanted = published_checkpoint(variant)
        archive = fetch(wanted, fetching)
        return _unpacked(archive, workspace, self, wanted.digest)


@dataclass(frozen=True, slots=True)
class Seeded:
    """Random weights, for trying the tools without a download.

    They are those of the network with logits, so both tasks of a seed share
    their features.

    Attributes:
        seed: 0 to 2**32 - 1.
    """

    seed: int
    trained: ClassVar[bool] = False

    def __str__(self) -> str:
        """Returns what `--checkpoint` says."""
        return f"{_SEEDED}{self.seed}"

    def check(self, variant: Variant) -> None:
        """Refuses nothing."""

    def open(self, variant: Variant, workspace: Path, fetching: FetchOptions) -> LocalCheckpoint:  # noqa: ARG002
        """Draws the weights and writes them as a TF1 checkpoint, with TensorFlow."""
        quiet.import_tensorflow()
        import tensorflow as tf

        from checkpoints import seeded

        shapes = {spec.name: spec.shape for spec in variant.all_variables()}
        prefix = workspace / f"seeded-{self.seed}"
        try:
            seeded.write(prefix, seeded.draw(shapes, self.seed))
        except (OSError, tf.errors.OpError) as error:
            raise RestoreError(
                f"Seeded checkpoint cannot be written into '{workspace}': {reason(error)}."
                " Free some space, or choose another --output_dir."
            ) from error
        return _local(prefix, self)


@dataclass(frozen=True, slots=True)
class Stored:
    """A checkpoint of one's own.

    Attributes:
        path: A prefix, a checkpoint of one file, a `checkpoint` file, a folder with one of these,
            or a `.tgz` archive.
    """

    path: str
    trained: ClassVar[bool] = True

    def __str__(self) -> str:
        """Returns what `--checkpoint` says."""
        return self.path

    def check(self, variant: Variant) -> None:
        """Refuses nothing."""

    def open(self, variant: Variant, workspace: Path, fetching: FetchOptions) -> LocalCheckpoint:  # noqa: ARG002
        """Finds the files, and unpacks an archive."""
        try:
            path = Path(self.path).expanduser()
            is_archive = self.path.endswith(_ARCHIVES) and path.is_file()
        except (OSError, RuntimeError, ValueError) as error:
            raise _unusable(self, error) from error
        return _unpacked(path, workspace, self) if is_archive else _located(path, self)


CheckpointSource = Published | Seeded | Stored


def checkpoint_source(text: str) -> CheckpointSource:
    """Parses what `--checkpoint` says.

    Args:
        text: `published`, `seeded:N`, or a path: a prefix, a checkpoint of one file, a
            `checkpoint` file, a folder with one of these, or a `.tgz` archive.

    Returns:
        The source.

    Raises:
        InvalidArgumentError: If N is not a number from 0 to 2**32 - 1.
    """
    if text == _PUBLISHED:
        return Published()
    if not text.startswith(_SEEDED):
        return Stored(text)
    seed = text.removeprefix(_SEEDED)
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 10 and int(seed) <= _MAX_SEED):
        raise InvalidArgumentError(
            f"Seed '{seed}' is not one: expected a whole number from 0 to {_MAX_SEED}."
            " Use --checkpoint=seeded:0."
        )
    return Seeded(int(seed))


def _unpacked(
    archive: Path, workspace: Path, source: CheckpointSource, wanted: str | None = None
) -> LocalCheckpoint:
    """Unpacks an archive, whose digest must be the wanted one where that is known."""
    with unchanged_files([archive], FetchError, f"Archive '{archive}'") as sha256:
        local = _located(unpacked(archive, workspace), source)
        row = catalog.of_archive(sha256) or catalog.of_archive(of_files([archive], "sha384"))
    if wanted is not None and (row is None or wanted not in (row.sha256, row.sha384)):
        raise FetchError(
            f"Archive '{archive}' was replaced after it was checked: expected"
            f" {algorithm_of(wanted)} {wanted}, found another. Try again when nothing writes there."
        )
    known = row is not None and row.prefix is not None and local.prefix.match(row.prefix)
    return replace(local, published=row if known else None)


def _located(path: Path, source: CheckpointSource) -> LocalCheckpoint:
    try:
        return _local(find_prefix(path), source)
    except CheckpointError as error:
        raise RestoreError(str(error)) from error
    except (OSError, ValueError) as error:
        raise _unusable(source, error) from error


def _local(prefix: Path, source: CheckpointSource) -> LocalCheckpoint:
    return LocalCheckpoint(prefix, of_files(files_of(prefix)), source)


def _unusable(source: CheckpointSource, error: Exception) -> RestoreError:
    return RestoreError(
        f"Checkpoint '{source}' cannot be read: {reason(error)}. Check --checkpoint."
    )
