"""Writes the files of a release: archive, page, report, contract, and the manifest of them all."""

from pathlib import Path
from typing import Any

from exporter import __version__
from exporter.contract import contract_lock
from exporter.errors import PublishError
from exporter.releases import archive, manifest
from exporter.releases.handle import Handle
from exporter.releases.manifest import Manifest, ReleaseFile
from exporter.releases.model_facts import model_facts
from exporter.releases.model_page import PageRequest, model_page, published
from exporter.releases.page_rules import check_page
from exporter.releases.passed import Passed
from exporter.releases.rebuild import rebuild_command
from exporter.signatures import FOLDED, way_of
from exporter.verifier.report.records import GROUPS, Origin, VerificationReport
from slim_nets.network import TASKS
from slim_nets.registry import variants


def check_handle(handle: Handle, origin: Origin) -> None:
    """Refuses a handle that names another network or task than the model's.

    Raises:
        PublishError: With the part that is another's.
    """
    parts = set(handle.name.split("/"))
    for names, expected in ((set(variants()), origin.variant.name), (set(TASKS), origin.task)):
        if others := sorted(parts & names - {expected}):
            raise PublishError(
                f"Handle '{handle}' is of another model: expected {expected}, found {others[0]}."
                " Change --handle."
            )


def write_release(
    folder: Path, model_dir: Path, passed: Passed, *, handle: Handle, asset_path: str
) -> Manifest:
    """Writes all files of a release but the signature.

    Args:
        folder: An empty folder.
        model_dir: The SavedModel.
        passed: Its report.
        handle: What it is to be called.
        asset_path: Where the page says the archive is.

    Returns:
        The manifest.

    Raises:
        PublishError: If the model changed meanwhile, or the page breaks a rule of Hub's.
        OSError: If a file cannot be written.
    """
    from exporter.reports.html import html

    packed = _pack(model_dir, passed, folder)
    facts = model_facts(model_dir)
    # Where the model and the checkpoint lay says nothing to others, and would differ every time.
    reference = f"the original graph with checkpoint '{passed.origin.checkpoint}'"
    report = passed.report.named(str(handle), reference)
    page_request = PageRequest(
        handle=handle,
        origin=passed.origin,
        facts=facts,
        verification=_verification(report),
        archive=archive.file(folder / manifest.ARCHIVE),
        rebuild=rebuild_command(
            passed.origin,
            facts.batch_norm_momentum,
            folded_signature=facts.folded_signature,
        ),
        tool=__version__,
        asset_path=asset_path,
    )
    page_name, page = manifest.page_name(handle.version), model_page(page_request)
    check_page(page, page_name)
    texts = {
        page_name: page,
        manifest.REPORT: report.model_dump_json(indent=1) + "\n",
        manifest.REPORT_PAGE: html(report),
        manifest.CONTRACT: contract_lock(model_dir).to_json(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    files = {path.name: archive.file(path) for path in sorted(folder.iterdir())}
    made = _manifest(page_request, passed, packed, files)
    (folder / manifest.MANIFEST).write_text(manifest.serialized(made), "utf-8")
    return made


def _pack(model_dir: Path, passed: Passed, folder: Path) -> dict[str, ReleaseFile]:
    """Writes the archive, and holds what went into it against the report."""
    with (folder / manifest.ARCHIVE).open("wb") as target:
        packed = archive.write(model_dir, target)
    if (found := archive.digest(packed)) != passed.report.digest:
        raise PublishError(
            f"SavedModel '{model_dir}' changed while it was packaged: expected sha256"
            f" {passed.report.digest}, found {found}. Try again when nothing writes there."
        )
    return packed


def _manifest(
    page: PageRequest, passed: Passed, model: dict[str, ReleaseFile], files: dict[str, ReleaseFile]
) -> Manifest:
    origin, row = passed.origin, published(passed.origin)
    return Manifest(
        handle=str(page.handle),
        variant=origin.variant.name,
        task=origin.task,
        image_size=origin.variant.image_size,
        model_digest=passed.report.digest,
        model=model,
        files=files,
        checkpoint=manifest.WeightsOrigin(
            name=origin.checkpoint,
            sha256=origin.checkpoint_sha256,
            trained=origin.trained,
            archive_url=row and row.url,
            archive_sha256=row and row.sha256,
        ),
        verification=page.verification,
        versions=passed.report.versions
        | {"slim-exporter": page.tool, "tensorflow": page.facts.tensorflow},
        rebuild=page.rebuild,
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
