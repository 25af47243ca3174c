"""Makes a release of a verified model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter import __version__, quiet
from exporter.contract import contract_lock
from exporter.errors import PublishError
from exporter.progress import Progress, silent
from exporter.releases import archive, manifest, scan, sign
from exporter.releases.handle import Handle
from exporter.releases.manifest import File, Manifest
from exporter.releases.model_facts import model_facts
from exporter.releases.model_page import ASSET_PATH, PageRequest, model_page, published
from exporter.releases.page_rules import check_page
from exporter.releases.passed import Passed, passed_report
from exporter.releases.rebuild import rebuild_command
from exporter.signatures import FOLDED, way_of
from exporter.staging import RELEASE, check_target, staged, unwritable
from exporter.verifier.report.records import GROUPS, Origin, VerificationReport
from slim_nets.network import TASKS
from slim_nets.registry import variants

STEPS = ("import TensorFlow", "scan", "write", "sign")


@dataclass(frozen=True)
class PackageRequest:
    """What to package.

    Attributes:
        model_dir: The SavedModel.
        handle: What it is to be called.
        output_dir: Where the release is to appear.
        report_dir: Folder of its report; None for the one that was kept when
            it was verified.
        sign_key: PEM file with the EC key to sign with, if one is to sign.
        sigstore: Whether to sign through Sigstore instead.
        sigstore_token: File with the token that says who signs, as
            `keyless.signer` takes it.
        asset_path: Where the page says the archive is.
        overwrite: Whether a release that is there may be replaced.
    """

    model_dir: Path
    handle: Handle
    output_dir: Path
    report_dir: Path | None = None
    sign_key: Path | None = None
    sigstore: bool = False
    sigstore_token: Path | None = None
    asset_path: str = ASSET_PATH
    overwrite: bool = False


@dataclass(frozen=True)
class Release:
    """A release on disk.

    Attributes:
        folder: Where it is.
        manifest: What it says of itself.
        signed: Whether it has a signature.
    """

    folder: Path
    manifest: Manifest
    signed: bool


def package(request: PackageRequest, progress: Progress = silent) -> Release:
    """Makes a release, which appears whole or not at all.

    Args:
        request: What to package.
        progress: Told which step begins.

    Returns:
        The release. Its bytes, but for the signature's, depend on the model,
        its report, the handle and the version of this tool alone.

    Raises:
        ExporterError: If the model was not verified or is not safe, or the
            release cannot be written.
    """
    target = request.output_dir.absolute()
    signer = _signer(request)
    check_target(target, overwrite=request.overwrite, kind=RELEASE)
    passed = passed_report(request.model_dir, request.report_dir)
    _check_handle(request.handle, passed.origin)
    progress(STEPS[0], 0, len(STEPS))
    quiet.import_tensorflow()
    progress(STEPS[1], 1, len(STEPS))
    scan.check(request.model_dir)
    with staged(target, overwrite=request.overwrite, kind=RELEASE) as stage:
        try:
            progress(STEPS[2], 2, len(STEPS))
            made = _write(request, passed, stage.model)
            if signer is not None:
                progress(STEPS[3], 3, len(STEPS))
                sign.sign(stage.model, signer)
        except OSError as error:
            raise unwritable(target, error, RELEASE) from error
    return Release(request.output_dir, made, signer is not None)


def _signer(request: PackageRequest) -> Any:
    """Prepares to sign; None if nobody is to."""
    if request.sigstore:
        return sign.sigstore_signer(request.sigstore_token)
    return sign.signer(request.sign_key) if request.sign_key else None


def _write(request: PackageRequest, passed: Passed, folder: Path) -> Manifest:
    """Writes all files of a release but the signature."""
    from exporter.reports.html import html

    packed = _pack(request.model_dir, passed, folder)
    facts = model_facts(request.model_dir)
    # Where the model and the checkpoint lay says nothing to others, and would differ every time.
    reference = f"the original graph with checkpoint '{passed.origin.checkpoint}'"
    report = passed.report.named(str(request.handle), reference)
    page_request = PageRequest(
        handle=request.handle,
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
        asset_path=request.asset_path,
    )
    page_name, page = manifest.page_name(request.handle.version), model_page(page_request)
    check_page(page, page_name)
    texts = {
        page_name: page,
        manifest.REPORT: report.model_dump_json(indent=1) + "\n",
        manifest.REPORT_PAGE: html(report),
        manifest.CONTRACT: contract_lock(request.model_dir).to_json(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    files = {path.name: archive.file(path) for path in sorted(folder.iterdir())}
    made = _manifest(page_request, passed, packed, files)
    (folder / manifest.MANIFEST).write_text(manifest.serialized(made), "utf-8")
    return made


def _pack(model_dir: Path, passed: Passed, folder: Path) -> dict[str, File]:
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
    page: PageRequest, passed: Passed, model: dict[str, File], files: dict[str, File]
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
        checkpoint=manifest.Checkpoint(
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


def _check_handle(handle: Handle, origin: Origin) -> None:
    """Refuses a handle that names another network or task than the model's."""
    parts = set(handle.name.split("/"))
    for names, expected in ((set(variants()), origin.variant.name), (set(TASKS), origin.task)):
        if others := sorted(parts & names - {expected}):
            raise PublishError(
                f"Handle '{handle}' is of another model: expected {expected}, found {others[0]}."
                " Change --handle."
            )


def _verification(report: VerificationReport) -> manifest.Verification:
    grouped: dict[Any, Any] = report.by_group()
    # What is folded differs by design, and would hide whether anything else does.
    folded = [check for check in report.checks if check.name == way_of(FOLDED)]
    others = [check for check in report.checks if check not in folded]
    return manifest.Verification(
        reference=report.settings.reference,
        allowance=report.settings.allowance,
        checks={group: len(grouped[group]) for group in GROUPS if group in grouped},
        differing=sum(check.differing for check in others),
        max_abs=max((check.max_abs or 0.0 for check in others), default=0.0),
        folded_max_rel=max((check.max_rel or 0.0 for check in folded), default=None),
    )
