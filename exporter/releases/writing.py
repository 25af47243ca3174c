"""Writes the files of a release: archive, page, report, contract, and the manifest of them all."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter import __version__
from exporter.contract import contract_lock
from exporter.errors import PublishError
from exporter.releases import archive, manifest
from exporter.releases.accuracy import for_others, read_evaluation, summary_of
from exporter.releases.handle import Handle
from exporter.releases.manifest import Manifest, ReleaseFile
from exporter.releases.model_page import ASSET_PATH
from exporter.releases.page_rules import check_page
from exporter.releases.released_model import ReleasedModel, released_model
from exporter.signatures import FOLDED, way_of
from exporter.verifier.report.forms import BASE_URL
from exporter.verifier.report.records import GROUPS, Origin
from exporter.verifier.report.verification_report import VerificationReport
from slim_nets.network import TASKS
from slim_nets.registry import variants


@dataclass(frozen=True)
class PackageRequest:
    """What to package.

    Attributes:
        model_dir: The SavedModel.
        handle: What it is to be called.
        output_dir: Where the release is to appear.
        report_dir: Folder of its report; None for the one that was kept when
            it was verified.
        evaluation: File of its evaluation, whose accuracy is to be told; None for none.
        sign_key: PEM file with the EC key to sign with, if one is to sign.
        sigstore: Whether to sign through Sigstore instead.
        sigstore_token: File with the token that says who signs, as
            `keyless.token_of` takes it.
        asset_path: Where the page says the archive is.
        base_url: What comes before the handle where the model is to be loaded
            from, such as "https://models.example.org"; None where that is not known yet.
        overwrite: Whether a release that is there may be replaced.
    """

    model_dir: Path
    handle: Handle
    output_dir: Path
    report_dir: Path | None = None
    evaluation: Path | None = None
    sign_key: Path | None = None
    sigstore: bool = False
    sigstore_token: Path | None = None
    asset_path: str = ASSET_PATH
    base_url: str | None = None
    overwrite: bool = False


def check_handle(handle: Handle, origin: Origin | None) -> None:
    """Refuses a handle that names another network or task than the model's.

    A model that is none of our networks may be called anything but one of them.

    Raises:
        PublishError: With the part that is another's.
    """
    parts = set(handle.name.split("/"))
    named = origin.variant.name if origin else "none of our networks"
    known: list[tuple[set[str], str]] = [(set(variants()), named)]
    if origin is not None:
        known.append((set(TASKS), origin.task))
    for names, expected in known:
        if others := sorted(parts & names - {expected}):
            raise PublishError(
                f"Handle '{handle}' is of another model: expected {expected}, found {others[0]}."
                " Change --handle."
            )


def check_base_url(base_url: str | None) -> None:
    """Refuses what no model could be loaded from.

    Raises:
        PublishError: If it is not the URL of a host.
    """
    if base_url is not None and re.fullmatch(BASE_URL, base_url) is None:
        raise PublishError(
            f"Base URL '{base_url}' is malformed: expected http://HOST or https://HOST, perhaps"
            " with a port and a path, and no slash at the end. Change --base_url."
        )


def write_release(folder: Path, request: PackageRequest, passed: VerificationReport) -> Manifest:
    """Writes all files of a release but the signature.

    Args:
        folder: An empty folder.
        request: What to package.
        passed: The model's report.

    Returns:
        The manifest.

    Raises:
        PublishError: If the model changed meanwhile, or the page breaks a rule of Hub's.
        OSError: If a file cannot be written.
    """
    from exporter.reports.html import html

    model = _pack(request.model_dir, passed, folder)
    told = released_model(request.model_dir, passed)
    # Where the model and the checkpoint lay says nothing to others, and would differ every time.
    report = passed.named(str(request.handle), told.reference)
    packed = archive.file(folder / manifest.ARCHIVE)
    draft = manifest_of(request.handle, report, told, model=model, packed=packed)
    draft = draft.model_copy(update={"base_url": request.base_url})
    texts: dict[str, str] = {}
    if request.evaluation is not None:
        found = for_others(read_evaluation(request.evaluation, report.digest), draft.handle)
        draft = draft.model_copy(update={"accuracy": summary_of(found)})
        texts[manifest.EVALUATION] = found.model_dump_json(indent=1) + "\n"
    page = told.page(draft, request.asset_path)
    check_page(page, draft.page_name, has_task=bool(draft.task))
    texts |= {
        draft.page_name: page,
        manifest.REPORT: report.model_dump_json(indent=1) + "\n",
        manifest.REPORT_PAGE: html(report),
        manifest.CONTRACT: contract_lock(request.model_dir).to_json(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    files = {path.name: archive.file(path) for path in sorted(folder.iterdir())}
    made = draft.model_copy(update={"files": files})
    (folder / manifest.MANIFEST).write_text(manifest.serialized(made), "utf-8")
    return made


def _pack(model_dir: Path, passed: VerificationReport, folder: Path) -> dict[str, ReleaseFile]:
    """Writes the archive, and holds what went into it against the report."""
    with (folder / manifest.ARCHIVE).open("wb") as target:
        packed = archive.write(model_dir, target)
    if (found := archive.digest(packed)) != passed.digest:
        raise PublishError(
            f"SavedModel '{model_dir}' changed while it was packaged: expected sha256"
            f" {passed.digest}, found {found}. Try again when nothing writes there."
        )
    return packed


def manifest_of(
    handle: Handle,
    report: VerificationReport,
    told: ReleasedModel,
    *,
    model: dict[str, ReleaseFile],
    packed: ReleaseFile,
) -> Manifest:
    """Says what is known of a release before its page is written."""
    return Manifest(
        handle=str(handle),
        model_digest=report.digest,
        model=model,
        files={manifest.ARCHIVE: packed},
        verification=_verification(report),
        versions=report.versions | {"slim-exporter": __version__, "tensorflow": told.tensorflow},
        **told.fields(),
    )


def _verification(report: VerificationReport) -> manifest.VerificationSummary:
    grouped: dict[Any, Any] = report.by_group()
    # What is folded differs by design, and would hide whether anything else does.
    folded = [check for check in report.checks if check.name == way_of(FOLDED)]
    others = [check for check in report.checks if check not in folded]
    return manifest.VerificationSummary(
        reference=report.settings.reference,
        allowance=report.settings.allowance,
        checks={group: len(grouped[group]) for group in GROUPS if group in grouped},
        differing=sum(check.differing for check in others),
        max_abs=max((check.max_abs or 0.0 for check in others), default=0.0),
        folded_max_rel=max((check.max_rel or 0.0 for check in folded), default=None),
    )
