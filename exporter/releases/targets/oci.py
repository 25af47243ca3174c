"""An artifact in an OCI registry, through oras."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.serve.host import is_this_machine
from exporter.releases.targets import target
from exporter.releases.targets.target import Address, Payload, Standing, Target

if TYPE_CHECKING:
    from oras.container import Container

_ARTIFACT_TYPE = "application/vnd.slim-exporter.release.v1"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
# The empty configuration of an artifact, as the image specification writes it.
_EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_EMPTY_DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
_LAYER_TYPES = {
    ".gz": "application/vnd.slim-exporter.model.v1.tar+gzip",
    ".json": "application/json",
    ".md": "text/markdown",
    ".html": "text/html",
    ".sig": "application/vnd.dev.sigstore.bundle.v0.3+json",
}
_TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True)
class OciTarget(Target):
    """A tag. Blobs are sent first; the tag appears with the artifact's manifest, or not at all.

    Attributes:
        client: Of oras.
        container: Registry, repository and tag, as oras has them.
    """

    client: Any
    container: "Container"

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What requests and oras raise; oras says ValueError of answers it cannot use."""
        import requests

        return (requests.RequestException, OSError, ValueError)

    def compare(self) -> Standing:
        """Compares the tag's manifest, else asks for every blob."""
        there = self.client.manifest_at(self.container)
        if there is None:
            kept = self.kept(lambda f: self.client.blob_exists(_layer(f), self.container))
            return Standing("partial" if kept else "absent", kept)
        if _essence(there) == _essence(self._manifest()):
            return Standing("same")
        digests = {layer.get("digest") for layer in there.get("layers", [])}
        return Standing("different", self.kept(lambda f: f"sha256:{f.sha256}" in digests))

    def send(self, standing: Standing, progress: Progress) -> None:
        """Sends the blobs that the registry does not have, then the manifest."""
        for count, file in enumerate(self.payloads):
            progress(file.name, count, len(self.payloads))
            if file.name not in standing.kept:
                self._upload(file.path, _layer(file))
        empty = self.release.workspace / "empty.json"
        empty.write_bytes(_EMPTY)
        self._upload(empty, _config())
        self.client.upload_manifest(self._manifest(), self.container).raise_for_status()

    def _upload(self, path: Path, layer: dict[str, Any]) -> None:
        self.client.upload_blob(str(path), self.container, layer).raise_for_status()

    def _manifest(self) -> dict[str, Any]:
        return {
            "schemaVersion": 2,
            "mediaType": _MANIFEST_TYPE,
            "artifactType": _ARTIFACT_TYPE,
            "config": _config(),
            "layers": [_layer(file) for file in self.payloads],
            "annotations": _annotations(self.release),
        }


def open_registry(address: Address, release: CheckedRelease) -> OciTarget:
    """Opens `oci://registry/repository:tag`; the tag is the version if none is given."""
    from oras.container import Container

    from exporter.releases.targets.oci_client import client

    repository, _, tag = address.path.strip("/").partition(":")
    if not (address.host and repository) or "@" in repository or ":" in tag:
        raise PublishError(
            f"Target '{address}' is no tag of a repository: expected"
            " oci://registry/repository:tag. Change --to."
        )
    reference = f"{address.host}/{repository}:{tag or release.handle.version}"
    name = address.host.rsplit(":", 1)[0].strip("[]")
    return OciTarget(
        f"oci://{reference}",
        target.packed(release),
        release,
        # Plain HTTP will do where nobody else can listen.
        client(address.host, insecure=is_this_machine(name)),
        Container(reference),
    )


def _annotations(release: CheckedRelease) -> dict[str, str]:
    """The image specification's own keys; no time, so that the same release is the same bytes."""
    prefix = "org.opencontainers.image."
    return {
        f"{prefix}title": str(release.handle),
        f"{prefix}version": str(release.handle.version),
        f"{prefix}description": target.version_notes(release),
        f"{prefix}licenses": target.license_id(release),
    }


def _layer(file: Payload) -> dict[str, Any]:
    kind = _LAYER_TYPES.get(file.path.suffix, "application/octet-stream")
    return {
        "mediaType": kind,
        "digest": f"sha256:{file.sha256}",
        "size": file.size,
        "annotations": {_TITLE: file.name},
    }


def _config() -> dict[str, Any]:
    return {"mediaType": _EMPTY_TYPE, "digest": _EMPTY_DIGEST, "size": len(_EMPTY)}


def _essence(manifest: dict[str, Any]) -> dict[str, Any]:
    """Returns what makes an artifact what it is; registries may add to the rest."""
    wanted = ("artifactType", "config", "layers", "annotations")
    return {key: manifest.get(key) for key in wanted}
