"""Checks that a release is what it says, without a network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pydantic

from exporter.errors import ExporterError, PublishError, listing, reason
from exporter.publish import archive, handle, manifest, sign
from exporter.publish.manifest import MANIFEST, SIGNATURE, Manifest
from exporter.publish.page_rules import broken_rules
from exporter.verify.report import VerificationReport


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


def verify_release(folder: Path, key: Path | None = None) -> Verified:
    """Checks a release against its manifest, and its signature against a key.

    Without a key whoever changed a file could have changed the manifest too:
    then only accidents are found, and releases that contradict themselves.

    Args:
        folder: The release.
        key: PEM file with the public EC key; None checks no signature.

    Returns:
        What came of it.

    Raises:
        PublishError: If there is no manifest that can be read, or the signature
            is missing or by another key.
    """
    told = manifest.load(folder)
    found, odd = _found(folder)
    # What is no file cannot have been signed; the library would stumble over it.
    signed = sign.verify(folder, key) if key and not odd else None
    expected = {name: file.sha256 for name, file in told.files.items()}
    problems = [*odd, *_differences(expected, found, ignored={MANIFEST, SIGNATURE})]
    if signed is not None:
        known = {str(problem) for problem in problems}
        more = _differences(signed, found, ignored={SIGNATURE}, by="not as signed")
        problems += [p for p in more if str(Problem(p.kind, p.what)) not in known]
    problems += _contradictions(folder, told, found)
    exists = "not checked" if SIGNATURE in found else "none"
    return Verified(folder, told, exists if signed is None else "valid", tuple(problems))


def _found(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """Hashes what lies in a folder; nothing there may be anything but a file."""
    digests, odd = {}, []
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            odd.append(Problem("added", path.name, "no regular file"))
            continue
        try:
            digests[path.name] = archive.file(path).sha256
        except OSError as error:
            raise archive.unreadable(path, error) from error
    return digests, odd


def _differences(
    expected: Mapping[str, str], found: Mapping[str, str], *, ignored: set[str], by: str = ""
) -> Iterator[Problem]:
    """Compares digests by name, and finds files that only have another name."""
    missing = {n: d for n, d in expected.items() if n not in found and n not in ignored}
    added = {n: d for n, d in found.items() if n not in expected and n not in ignored}
    for name, digest in sorted(missing.items()):
        new = next((other for other, d in added.items() if d == digest), None)
        if new is None:
            yield Problem("missing", name, by)
        else:
            del added[new]
            yield Problem("renamed", name, f"to '{new}'")
    yield from (Problem("added", name, by) for name in sorted(added))
    for name in sorted(expected.keys() & found.keys() - ignored):
        if expected[name] != found[name]:
            yield Problem("changed", name, by)


def _contradictions(folder: Path, told: Manifest, found: Mapping[str, str]) -> Iterator[Problem]:
    """Compares what the files of a release say with what its manifest says."""
    page = manifest.page_name(handle.parse(told.handle).version)
    checks = {manifest.ARCHIVE: _archive, page: _page, manifest.REPORT: _report}
    for name, check in checks.items():
        if name not in told.files:
            yield Problem("missing", name, f"not in '{MANIFEST}'")
        elif name in found:
            yield from check(folder / name, told)


def _archive(path: Path, told: Manifest) -> Iterator[Problem]:
    try:
        packed = archive.read(path)
    except ExporterError as error:
        yield Problem("damaged", path.name, str(error))
        return
    expected = {name: file.sha256 for name, file in told.model.items()}
    found = {name: file.sha256 for name, file in packed.items()}
    for problem in _differences(expected, found, ignored=set()):
        yield Problem(problem.kind, f"{path.name}/{problem.what}", problem.detail)
    if archive.digest(packed) != told.model_digest:
        yield Problem("changed", MANIFEST, "model_digest is not that of the model")


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
