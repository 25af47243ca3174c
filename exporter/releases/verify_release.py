"""Checks that a release is what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pydantic

from exporter import temporary
from exporter.errors import ExporterError, PublishError, listing
from exporter.releases import archive, contents, manifest, sign
from exporter.releases.agreement import Statements
from exporter.releases.contents import Problem
from exporter.releases.keyless import Identity
from exporter.releases.manifest import MANIFEST, SIGNATURE, Manifest, ReleaseFile
from exporter.releases.page_rules import broken_rules
from exporter.releases.passed import check_comparison, wrong_form
from exporter.verifier.report.verification_report import VerificationReport


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

    Without the signature whoever changed a file could have changed the others
    too: then accidents are found, and releases that contradict themselves, but
    not one that was forged whole.

    Args:
        folder: The release.
        by: Who must have signed: the owner of a key, whose public EC key this
            PEM file holds, or an identity at Sigstore, which needs a network;
            None checks no signature.

    Returns:
        What came of it.

    Raises:
        PublishError: If there is no manifest that can be read, the signature
            is missing or another's, or the release changes meanwhile.
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
    if (manifest.load(folder), contents.read(folder)) != (told, found):
        raise PublishError(
            f"Release '{folder}' changed while it was read. Try again when nothing writes there."
        )
    exists = "not checked" if SIGNATURE in found else "none"
    return Verified(folder, told, exists if signed is None else "valid", tuple(problems))


def _contradictions(
    folder: Path, told: Manifest, found: Mapping[str, ReleaseFile | None]
) -> Iterator[Problem]:
    """Compares what the files of a release say with what its manifest says, and each other."""
    wanted = (manifest.ARCHIVE, told.page_name, manifest.REPORT, manifest.CONTRACT)
    problems = [
        Problem("missing", n, f"not in '{MANIFEST}'") for n in wanted if n not in told.files
    ]
    there = [name for name in wanted if name in told.files and found.get(name) is not None]
    with temporary.folder() as model:
        if manifest.ARCHIVE in there:
            problems += _archive(folder / manifest.ARCHIVE, told, model)
        if told.page_name in there:
            problems += _page(folder / told.page_name, told)
        report = None
        if manifest.REPORT in there:
            report, more = _report(folder / manifest.REPORT, told)
            problems += more
        yield from problems
        if not problems and len(there) == len(wanted) and report:
            yield from Statements(folder, told, report, model).contradictions()


def _archive(path: Path, told: Manifest, model: Path) -> Iterator[Problem]:
    try:
        packed = archive.unpacked(path, model)
    except OSError as error:
        raise archive.unreadable(path, error) from error
    except ExporterError as error:
        yield Problem("damaged", path.name, str(error))
        return
    yield from contents.of_archive(told, packed)


def _page(path: Path, told: Manifest) -> Iterator[Problem]:
    text = path.read_bytes().decode(errors="replace")
    for broken in broken_rules(text, path.name, has_task=bool(told.task)):
        yield Problem("changed", path.name, str(broken))
    if text.partition("\n")[0] != f"# Module {told.handle}":
        yield Problem("changed", path.name, f"it is not the page of {told.handle}")


def _report(path: Path, told: Manifest) -> tuple[VerificationReport | None, list[Problem]]:
    """Reads a report, and says what is wrong with it."""
    wrong = []
    try:
        report = VerificationReport.model_validate_json(path.read_bytes())
    except pydantic.ValidationError as error:
        said = f"it is no report: {wrong_form(error)}"
        return None, [Problem("changed", path.name, said)]
    if not report.passed:
        wrong.append("it is not passed")
    if report.digest != told.model_digest:
        wrong.append("it is of another model")
    sides = report.origin and report.origin.checkpoint_sha256, told.checkpoint
    if sides[0] != (sides[1] and sides[1].sha256):
        wrong.append("it is of another checkpoint")
    try:
        check_comparison(report, "it")
    except PublishError as error:
        wrong += [str(error)] if not wrong else []
    return report, [Problem("changed", path.name, said) for said in wrong]
