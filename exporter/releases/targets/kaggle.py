"""A variation of a model on Kaggle Models."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.manifest import MANIFEST, Manifest
from exporter.releases.targets import target
from exporter.releases.targets.target import Address, Standing, Target

# Kaggle writes licences by their titles.
_LICENSES = {"apache-2.0": "Apache 2.0", "mit": "MIT", "cc-by-4.0": "Attribution 4.0 International"}


@dataclass(frozen=True)
class KaggleTarget(Target):
    """A variation, whose versions Kaggle numbers; each holds the manifest, which tells ours.

    A version appears when all files are there. Kaggle replaces none: with
    `--overwrite` another one is added, which becomes the current one.

    Attributes:
        handle: `owner/model/framework/variation`.
        license_name: As Kaggle writes it.
    """

    handle: str
    license_name: str

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What requests and kagglehub raise."""
        import requests
        from kagglehub import exceptions as kaggle

        known = (kaggle.BackendError, kaggle.CredentialError, kaggle.DataCorruptionError)
        return (requests.RequestException, *known, OSError, ValueError)

    def compare(self) -> Standing:
        """Looks for the version among the manifests of all versions, the newest first."""
        wanted = (self.release.folder / MANIFEST).read_bytes()
        for number in range(self._current(), 0, -1):
            found = self._manifest(number)
            if found == wanted:
                return Standing("same")
            if found is not None and _handle(found) == self.release.manifest.handle:
                return Standing("different")
        return Standing("absent")

    def send(self, standing: Standing, progress: Progress) -> None:  # noqa: ARG002  (Kaggle resumes nothing)
        """Sends all files, then makes the version of them."""
        import kagglehub

        folder = self.release.workspace / "send"
        self.copy(folder, progress)
        progress("upload", 0, None)
        kagglehub.model_upload(
            self.handle,
            str(folder),
            license_name=self.license_name,
            version_notes=target.version_notes(self.release),
        )

    def _current(self) -> int:
        """Returns the newest version's number, 0 if there is none."""
        from kagglehub.clients import build_kaggle_client
        from kagglehub.exceptions import handle_call
        from kagglehub.handle import parse_model_handle
        from kagglesdk.models.types.model_api_service import ApiGetModelInstanceRequest

        parts = parse_model_handle(self.handle)
        request = ApiGetModelInstanceRequest()
        request.owner_slug, request.model_slug = parts.owner, parts.model
        request.framework, request.instance_slug = parts.framework_enum(), parts.variation
        with build_kaggle_client() as client:
            models = client.models.model_api_client
            found = _if_there(lambda: handle_call(lambda: models.get_model_instance(request)))
        return found.version_number if found else 0

    def _manifest(self, number: int) -> bytes | None:
        """Fetches a version's manifest; None if it has none."""
        import kagglehub

        folder = self.release.workspace / f"version-{number}"
        path = _if_there(
            lambda: kagglehub.model_download(
                f"{self.handle}/{number}", MANIFEST, output_dir=str(folder), force_download=True
            )
        )
        return Path(path).read_bytes() if path else None


def open_variation(address: Address, release: CheckedRelease) -> KaggleTarget:
    """Opens `kaggle://owner/model/framework/variation`."""
    # Its progress bars would be printed beside ours.
    os.environ.setdefault("TQDM_DISABLE", "1")
    import kagglehub

    logging.getLogger(kagglehub.__name__).setLevel(logging.CRITICAL)
    handle = f"{address.host}{address.path}".strip("/")
    _check(address, handle)
    license_id = target.license_id(release)
    if license_id not in _LICENSES:
        raise PublishError(
            f"Licence '{license_id}' of the page is not known to Kaggle: expected one of"
            f" {', '.join(sorted(_LICENSES))}. Publish elsewhere."
        )
    payloads, license_name = target.unpacked(release), _LICENSES[license_id]
    return KaggleTarget(f"kaggle://{handle}", payloads, release, handle, license_name)


def _check(address: Address, handle: str) -> None:
    from kagglehub.handle import parse_model_handle

    try:
        parts = parse_model_handle(handle)
        parts.framework_enum()
        wrong = parts.is_versioned()
    except (ValueError, KeyError):
        wrong = True
    if wrong:
        raise PublishError(
            f"Target '{address}' is no variation of a model: expected"
            " kaggle://owner/model/tensorFlow2/variation. Change --to."
        )


def _if_there(ask: Any) -> Any:
    """Returns what Kaggle answers, None where it has no such thing."""
    from kagglehub.exceptions import KaggleApiHTTPError

    try:
        return ask()
    except KaggleApiHTTPError as error:
        # Of a model that does not exist, or of another's that is private, Kaggle says 403.
        if error.response is not None and error.response.status_code in (403, 404):
            return None
        raise


def _handle(manifest: bytes) -> str | None:
    try:
        return Manifest.model_validate_json(manifest).handle
    except ValueError:
        return None
