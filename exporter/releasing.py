"""The stages of a release, composed: packaged, published, served."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exporter import quiet
from exporter.digests import unchanged_folder
from exporter.errors import InvalidArgumentError, PublishError
from exporter.progress import Progress, silent
from exporter.releases import scan, sending, sign
from exporter.releases.accuracy import read_evaluation
from exporter.releases.checked_release import opened
from exporter.releases.manifest import Manifest
from exporter.releases.passed import passed_report
from exporter.releases.rehearsal import rehearse
from exporter.releases.sending import Publication, PublishRequest
from exporter.releases.serve import host
from exporter.releases.targets.schemes import open_target
from exporter.releases.writing import PackageRequest, check_base_url, check_handle, write_release
from exporter.staging import RELEASE, check_target, errors_of, staged

STEPS = ("import TensorFlow", "scan", "write", "sign")


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

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> request = exporter.PackageRequest(
        ...     model_dir=Path("model"),
        ...     handle=exporter.model_handle("somebody/features/1"),
        ...     output_dir=Path("releases/features"),
        ... )
        >>> str(exporter.package(request).manifest.handle)
        'somebody/features/1'
    """
    check_base_url(request.base_url)
    target = request.output_dir.absolute()
    signer = _signer(request)
    check_target(target, overwrite=request.overwrite, kind=RELEASE)
    report = passed_report(request.model_dir, request.report_dir)
    check_handle(request.handle, report.origin)
    if request.evaluation is not None:
        read_evaluation(request.evaluation, report.digest)
    progress(STEPS[0], 0, len(STEPS))
    quiet.import_tensorflow()
    progress(STEPS[1], 1, len(STEPS))
    with (
        staged(target, overwrite=request.overwrite, kind=RELEASE) as stage,
        errors_of(target, RELEASE),
        unchanged_folder(request.model_dir, PublishError, expected=report.digest),
    ):
        scan.check(request.model_dir)
        progress(STEPS[2], 2, len(STEPS))
        manifest = write_release(stage.model, request, report)
        if signer is not None:
            progress(STEPS[3], 3, len(STEPS))
            sign.sign(stage.model, signer)
    return Release(request.output_dir, manifest, signer is not None)


def _signer(request: PackageRequest) -> sign.Signer | None:
    """Prepares to sign; None if nobody is to."""
    if request.sigstore and request.sign_key is not None:
        raise InvalidArgumentError(
            "Two ways to sign are given: expected --sign_key or --sigstore. Leave out one."
        )
    if request.sigstore_token is not None and not request.sigstore:
        raise InvalidArgumentError(
            "A token is given for nothing: expected --sigstore beside --sigstore_token_file. Add"
            " it."
        )
    if request.sigstore:
        return sign.sigstore_signer(request.sigstore_token)
    return sign.signer(request.sign_key) if request.sign_key else None


def publish(request: PublishRequest, progress: Progress = silent) -> Publication:
    """Brings a release to a place, unless it is there.

    Args:
        request: What to publish.
        progress: Told what is done.

    Returns:
        What was done.

    Raises:
        PublishError: If the release is not what it says or its rehearsal fails,
            if another version is there, or the host or the network fails.

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> request = exporter.PublishRequest(Path("releases/features"), to="hub")
        >>> exporter.publish(request).action
        'published'
    """
    with opened(request.release) as release:
        target = open_target(request.to, release)
        rehearsal = rehearse(release, progress) if request.rehearse else None
        return sending.send(target, request, rehearsal, progress)


@dataclass(frozen=True)
class ServeRequest:
    """What to serve.

    Attributes:
        release_dir: A folder with releases, at any depth.
        port: Where to listen; 0 takes a free one.
        host: The address to listen at.
    """

    release_dir: Path
    port: int = host.PORT
    host: str = host.LOOPBACK


def serve(
    request: ServeRequest,
    ready: Callable[[str, int], None],
    warn: Callable[[str], None],
) -> None:
    """Serves releases to tensorflow_hub and to browsers, until a signal comes.

    Args:
        request: What to serve.
        ready: Told the URL and how many models there are, once it listens.
        warn: Told of damaged releases, and if other machines can read them.

    Raises:
        PublishError: If there is no such folder, or the port cannot be had.

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> def ready(url: str, models: int) -> None:
        ...     print(f"{models} model at {url}/")
        >>> request = exporter.ServeRequest(Path("releases"), port=0)
        >>> exporter.serve(request, ready, warn=print)
        1 model at http://127.0.0.1:.../
    """
    catalog = host.open_catalog(request.release_dir, warn)
    with host.bind(request.host, request.port) as listening:
        if not host.is_loopback(listening):
            warn(f"Host '{request.host}' is not the loopback: other machines can read this.")
        ready(host.url_of(listening), len(catalog.index().releases))
        host.serve(catalog, listening)
