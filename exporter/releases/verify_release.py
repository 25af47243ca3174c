"""Checks that a release is what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pydantic

from exporter import temporary
from exporter.errors import ExporterError, PublishError, listing, reason
from exporter.releases import archive, contents, manifest, sign
from exporter.releases.contents import Problem
from exporter.releases.keyless import Identity
from exporter.releases.manifest import MANIFEST, SIGNATURE, Manifest, ReleaseFile
from exporter.releases.page_rules import broken_rules
from exporter.verifier.report.records import VerificationReport


@dataclass(frozen=True)
class Verified:
    """What came of checking a release.

    Attributes:
        folder: Where it is.
        manifest: What it says of itself.
        signature: "valid", "not checked" where no key was given, or "none".
        problems: What is not as it says.
    """

    folder: Path
    manifest: Manifest
    signature: str
    problems: tuple[Problem, ...]

    def raise_if_failed(self) -> None:
        """Raises for what is wrong.

        Raises:
            PublishError: If something is.
        """
        if self.problems:
            raise PublishError(
                f"Release '{self.folder}' is not what it says: {listing(map(str, self.problems))}."
                " Do not use it; get it again."
            )


def verify_release(folder: Path, by: Path | Identity | None = None) -> Verified:
    """Checks a release against its manifest, and its signature.

    Without the signature whoever changed a file could have changed the manifest
    too: then only accidents are found, and releases that contradict themselves.

    Args:
        folder: The release.
        by: Who must have signed: the owner of a key, whose public EC key this
            PEM file holds, or an identity at Sigstore, which needs a network;
            None checks no signature.

    Returns:
        What came of it.

    Raises:
        PublishError: If there is no manifest that can be read, or the signature
            is missing or another's.
    """
    told, found = manifest.load(folder), contents.read(folder)
    problems = list(contents.of_release(told, found))
    # What is no file cannot have been signed; the library would stumble over it.
    signed = sign.verify(folder, by) if by and None not in found.values() else None
    if signed is not None:
        there = {name: file and file.sha256 for name, file in found.items() if name != SIGNATURE}
        known = {(problem.kind, problem.what) for problem in problems}
        more = contents.differences(signed, there, by="not as signed")
        problems += [p for p in more if (p.kind, p.what) not in known]
    problems += _contradictions(folder, told, found)
    exists = "not checked" if SIGNATURE in found else "none"
    return Verified(folder, told, exists if signed is None else "valid", tuple(problems))


def _contradictions(
    folder: Path, told: Manifest, found: Mapping[str, ReleaseFile | None]
) -> Iterator[Problem]:
    """Compares what the files of a release say with what its manifest says."""
    checks = {manifest.ARCHIVE: _archive, told.page_name: _page, manifest.REPORT: _report}
    for name, check in checks.items():
        if name not in told.files:
            yield Problem("missing", name, f"not in '{MANIFEST}'")
        elif found.get(name) is not None:
            yield from check(folder / name, told)


def _archive(path: Path, told: Manifest) -> Iterator[Problem]:
    with temporary.folder() as place:
        try:
            packed = archive.unpacked(path, place)
        except OSError as error:
            raise archive.unreadable(path, error) from error
        except ExporterError as error:
            yield Problem("damaged", path.name, str(error))
            return
    yield from contents.of_archive(told, packed)


def _page(path: Path, told: Manifest) -> Iterator[Problem]:
    text = path.read_bytes().decode(errors="replace")
    for broken in broken_rules(text, path.name):
        yield Problem("changed", path.name, str(broken))
    if text.partition("\n")[0] != f"# Module {told.handle}":
        yield Problem("changed", path.name, f"it is not the page of {told.handle}")


def _report(path: Path, told: Manifest) -> Iterator[Problem]:
    try:
        report = VerificationReport.model_validate_json(path.read_bytes())
    except pydantic.ValidationError as error:
        yield Problem("changed", path.name, f"it is no report: {reason(error)}")
        return
    if not report.passed:
        yield Problem("changed", path.name, "it is not passed")
    if report.digest != told.model_digest:
        yield Problem("changed", path.name, "it is of another model")
    if report.origin is None or report.origin.checkpoint_sha256 != told.checkpoint.sha256:
        yield Problem("changed", path.name, "it is of another checkpoint")
