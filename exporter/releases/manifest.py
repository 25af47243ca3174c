"""What a release says of itself, as it is written to `manifest.json`."""

import json
from pathlib import Path, PurePosixPath
from typing import Literal

import pydantic

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.errors import PublishError, listing, reason
from exporter.releases import handle
from exporter.strict_json import JudgedModel
from exporter.verifier.report.forms import Amount, BaseUrl, Count, Digest, Line, Pixels

# Files of a release, beside the page, which is called after the version.
ARCHIVE, MANIFEST, CONTRACT = "model.tar.gz", "manifest.json", "contract.json"
REPORT, REPORT_PAGE, SIGNATURE = "report.json", "report.html", "model.sig"
EVALUATION = "evaluation.json"
# A manifest is a page of text; what is longer is none, and is not read into memory.
_MAX_BYTES = 1 << 20


class ManifestPart(JudgedModel, frozen=True, extra="forbid"):
    """A part of a manifest: unchangeable, and without unknown fields."""


class ReleaseFile(ManifestPart):
    """One file.

    Attributes:
        sha256: Of its contents, 64 hexadecimal digits.
        size: In bytes.
    """

    sha256: Digest
    size: Count


class WeightsOrigin(ManifestPart):
    """Where the weights came from.

    Attributes:
        name: Such as `v3-small_224_0.75_float/ema/model-497500`, or `seeded:0`.
        sha256: Over its files.
        trained: False for random weights.
        archive_url: Where it was published; None where it was not.
        archive_sha256: Of the published archive; None where nobody knows it.
    """

    name: Line
    sha256: Digest
    trained: bool
    archive_url: Line | None = None
    archive_sha256: Digest | None = None


class VerificationSummary(ManifestPart):
    """What the report says, in short.

    Attributes:
        reference: What the model was compared with.
        allowance: "exact", or what was allowed.
        checks: How many there were in each group.
        differing: How many numbers were not the same bits.
        max_abs: The largest absolute difference.
        folded_max_rel: The largest difference of `serving_folded`, which is not
            counted above, over the largest value; None without that signature.
    """

    reference: Line
    allowance: Line
    checks: dict[Line, Count]
    differing: Count
    max_abs: Amount
    folded_max_rel: Amount | None = None


class AccuracySummary(ManifestPart):
    """What an evaluation of the model came to, in short.

    Attributes:
        data: The images.
        images: How many there were.
        neighbours: How many voted on an image's class by its features; 0 for a classifier.
        top_1: Share of images whose class was the first guess.
        top_1_interval: In which the true share lies with 95 % confidence.
        top_5: Share of images whose class was among the first five; None for features.
    """

    data: Line
    images: Count
    neighbours: Count
    top_1: Amount
    top_1_interval: tuple[Amount, Amount]
    top_5: Amount | None = None


class Manifest(ManifestPart):
    """A release. It has no times, so that the same model gives the same bytes.

    Attributes:
        schema_version: Of this form.
        handle: `publisher/name/version`.
        base_url: What comes before the handle where the release is to be loaded
            from; None where that was not known when it was packaged.
        variant: The network, by its name on TensorFlow Hub; empty if it is none of ours.
        task: What it ends with; empty if nobody knows.
        image_size: Height and width of the images in pixels, one number for a square, the usual
            ones where images may have any; None if the network is none of ours.
        model_digest: SHA-256 over the names and contents of the SavedModel's files.
        model: The SavedModel's files, by path.
        files: The release's other files, by name; the signature, which covers
            this manifest, is not among them.
        checkpoint: Where the weights came from; None if nobody knows.
        verification: What was compared.
        versions: Of this tool and of the libraries that made the bytes.
        rebuild: The command that makes the model again; empty if there is none.
        accuracy: Of an evaluation; None where there was none.
    """

    schema_version: Literal[1] = 1
    handle: str
    base_url: BaseUrl | None = None
    variant: Line = ""
    task: Line = ""
    image_size: Pixels | tuple[Pixels, Pixels] | None = None
    model_digest: Digest
    model: dict[str, ReleaseFile]
    files: dict[str, ReleaseFile]
    checkpoint: WeightsOrigin | None = None
    verification: VerificationSummary
    versions: dict[Line, Line]
    rebuild: str = ""
    accuracy: AccuracySummary | None = None

    @property
    def weights(self) -> str:
        """What is to be said of the weights wherever the model is named."""
        if self.checkpoint is None:
            return "of unknown origin"
        return self.checkpoint.name + ("" if self.checkpoint.trained else " (not trained)")

    @property
    def page_name(self) -> str:
        """The name of the page."""
        return f"{handle.parse(self.handle).version}.md"


def serialized(manifest: Manifest) -> str:
    """Writes a manifest as it stands in a release: sorted, indented, a newline at the end."""
    # Without it a manifest is what it was before there were evaluations, for older readers too.
    left_out = {"accuracy"} if manifest.accuracy is None else set()
    return json.dumps(manifest.model_dump(exclude=left_out), indent=1, sort_keys=True) + "\n"


def load(release: Path) -> Manifest:
    """Reads the manifest of a release, and checks its form.

    Args:
        release: Its folder.

    Returns:
        The manifest; whether it is true is not checked.

    Raises:
        PublishError: If there is none, or it is malformed.
    """
    path = release / MANIFEST
    try:
        if path.is_symlink() or not path.is_file():
            raise PublishError(
                f"Folder '{release}' is not a release: expected '{MANIFEST}' in it, found no such"
                " file. Give the folder that 'slim-export package' wrote."
            )
        if path.stat().st_size > _MAX_BYTES:
            raise _malformed(release, f"more than {_MAX_BYTES} bytes")
        if is_pointer(path):
            raise PublishError(f"Manifest of release '{release}' {IS_POINTER}")
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublishError(
            f"Release '{release}' cannot be read: {reason(error)}. Check --release."
        ) from error
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise _malformed(release, f"in {where}: {first['msg']}") from error
    _check_names(release, manifest)
    return manifest


def _check_names(release: Path, manifest: Manifest) -> None:
    """Refuses names that would lead elsewhere, and a release without model or page."""
    for name in (*manifest.files, *manifest.model):
        path = PurePosixPath(name)
        if path.is_absolute() or str(path) != name or any(p.startswith(".") for p in path.parts):
            raise _malformed(release, f"the name {name!r}")
    needed = {ARCHIVE, manifest.page_name}
    if missing := needed - manifest.files.keys():
        raise _malformed(release, f"no {listing(missing)} among its files")
    if nested := [name for name in manifest.files if "/" in name]:
        raise _malformed(release, f"{listing(nested)} in a folder of its own")


def _malformed(release: Path, found: str) -> PublishError:
    return PublishError(
        f"Manifest of release '{release}' is malformed: expected the form of 'slim-export"
        f" package', found {found}. Get the release again, or package the model again."
    )
