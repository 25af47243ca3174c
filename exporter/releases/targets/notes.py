"""What hosts want to be told of a release beside its files."""

import re

from exporter.releases.checked_release import CheckedRelease

_LICENSE = re.compile(r"^<!--\s*license\s*:\s*(?P<name>[\w.+-]+)\s*-->$", re.MULTILINE)
# What TensorFlow Hub takes a page without a licence for.
_DEFAULT_LICENSE = "apache-2.0"
_TASKS = {"feature_vector": "image feature vectors", "classification": "image classification"}


def license_id(release: CheckedRelease) -> str:
    """Returns the SPDX identifier of the page's licence, in lower case."""
    match = _LICENSE.search(release.page.read_text(encoding="utf-8"))
    return (match["name"] if match else _DEFAULT_LICENSE).lower()


def summary(release: CheckedRelease) -> str:
    """Says in one line what the model is."""
    manifest = release.manifest
    untrained = "" if manifest.checkpoint.trained else ", NOT TRAINED"
    return f"{manifest.variant}, {_TASKS.get(manifest.task, manifest.task)}{untrained}"


def version_notes(release: CheckedRelease) -> str:
    """Says what this version is, where from, and how it was verified."""
    manifest, verified = release.manifest, release.manifest.verification
    checks = sum(verified.checks.values())
    return (
        f"{release.handle}: {summary(release)}. Weights {manifest.checkpoint.name}. {checks} checks"
        f" against {verified.reference}, {verified.differing} numbers differ. SavedModel sha256"
        f" {manifest.model_digest}."
    )
