"""Holds what the files of a release say against each other, which needs no signature."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter import __version__, quiet
from exporter.contract import contract_check
from exporter.errors import ExporterError, PublishError
from exporter.releases import handle
from exporter.releases.accuracy import read_evaluation, summary_of
from exporter.releases.contents import Problem
from exporter.releases.manifest import ARCHIVE, CONTRACT, EVALUATION, MANIFEST, Manifest
from exporter.releases.released_model import ReleasedModel, released_model
from exporter.releases.writing import manifest_of
from exporter.verifier.report.verification_report import VerificationReport

_TOOL = "slim-exporter"
_ASSET_PATH = re.compile(r"^<!-- asset-path: (.*) -->$", re.MULTILINE)
# Which files there are is compared elsewhere; and other versions of this tool write other commands.
_NOT_HERE = frozenset({"schema_version", "model", "files", "model_digest", "versions", "rebuild"})


@dataclass(frozen=True)
class Statements:
    """What a release says of itself, in all of its files.

    Attributes:
        folder: Where it lies.
        manifest: Its manifest.
        report: Its report.
        model: Its SavedModel, unpacked.
    """

    folder: Path
    manifest: Manifest
    report: VerificationReport
    model: Path

    def contradictions(self) -> Iterator[Problem]:
        """Yields what one file says and another does not."""
        quiet.import_tensorflow()
        try:
            model = released_model(self.model, self.report)
        except ExporterError as error:
            yield Problem("changed", ARCHIVE, str(error))
            return
        if model.is_known:
            yield from self._of_manifest(model)
        yield from self._of_page(model)
        yield from self._of_contract()

    def _of_manifest(self, model: ReleasedModel) -> Iterator[Problem]:
        told = self.manifest
        try:
            expected = self._expected(model)
        except PublishError as error:
            yield Problem("changed", EVALUATION, str(error))
            return
        for name in sorted(type(told).model_fields.keys() - self._left_out):
            if getattr(told, name) != getattr(expected, name):
                yield Problem("changed", MANIFEST, f"{name} is not as in report and model")
        # Which version of this tool packaged it, nothing else tells.
        versions = expected.versions | {_TOOL: told.versions.get(_TOOL, "")}
        if told.versions != versions:
            yield Problem("changed", MANIFEST, "versions are not as in report and model")
        for mismatch in model.mismatches():
            yield Problem("changed", ARCHIVE, mismatch)
        if self._is_of_this_version:
            yield from self._of_whole_page(expected, model)

    def _of_whole_page(self, expected: Manifest, model: ReleasedModel) -> Iterator[Problem]:
        asset_path = _ASSET_PATH.search(self._page)
        if model.page(expected, asset_path[1] if asset_path else "") != self._page:
            name = self.manifest.page_name
            yield Problem("changed", name, "it is not the page of this report and model")

    def _of_page(self, model: ReleasedModel) -> Iterator[Problem]:
        told = self.manifest
        for digest in (*model.digests, told.files[ARCHIVE].sha256):
            if f"`{digest}`" not in self._page:
                yield Problem("changed", told.page_name, f"it does not say the sha256 {digest}")

    def _of_contract(self) -> Iterator[Problem]:
        try:
            differences = contract_check(self.model, self.folder / CONTRACT).differences
        except ExporterError as error:
            yield Problem("changed", CONTRACT, str(error))
            return
        for difference in differences:
            yield Problem("changed", CONTRACT, difference.message)

    @property
    def _is_of_this_version(self) -> bool:
        return self.manifest.versions.get(_TOOL) == __version__

    @property
    def _left_out(self) -> frozenset[str]:
        return _NOT_HERE - ({"rebuild"} if self._is_of_this_version else set())

    @property
    def _page(self) -> str:
        return (self.folder / self.manifest.page_name).read_text("utf-8", errors="replace")

    def _expected(self, model: ReleasedModel) -> Manifest:
        told, packed = self.manifest, self.manifest.files[ARCHIVE]
        known = handle.parse(told.handle)
        made = manifest_of(known, self.report, model, model=told.model, packed=packed)
        # Where it is to be loaded from, nothing else tells but the page, which is compared whole.
        made = made.model_copy(update={"base_url": told.base_url})
        if EVALUATION not in told.files:
            return made
        found = read_evaluation(self.folder / EVALUATION, told.model_digest)
        return made.model_copy(update={"accuracy": summary_of(found)})
