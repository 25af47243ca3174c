"""Publishes a release to this machine only, and loads it back as a stranger would."""

import os
import re
from pathlib import Path

import pydantic

from exporter import temporary
from exporter.errors import PublishError, reason
from exporter.processes import ProcessEndedError, call
from exporter.progress import Progress, silent
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.manifest import REPORT
from exporter.releases.page_code import code_blocks, loads, localized
from exporter.releases.serve.host import serving
from exporter.releases.trial import Rehearsal, Trial, TrialError, try_alone
from exporter.verifier.report.verification_report import VerificationReport

# Seconds; a page's code loads the model and builds a network or two on it.
TIMEOUT = 900.0
_PROXIES = re.compile(r"(https?|ftp|all|no)_proxy", re.IGNORECASE)


def rehearse(release: CheckedRelease, progress: Progress = silent) -> Rehearsal:
    """Serves a release on the loopback, fetches it in a fresh process, and tries it there.

    Args:
        release: What is to be published.
        progress: Told what is done.

    Returns:
        What was tried.

    Raises:
        PublishError: If anything is not as page, manifest and report say.
    """
    handle = release.manifest.handle
    report, blocks = _report(release), code_blocks(release.page.read_text(encoding="utf-8"))
    if report.sample is None:
        raise _failed(
            release, "its report holds no values of the output, so outputs cannot be compared"
        )
    if not any(loads(block, handle) for block in blocks):
        raise _failed(release, f"no code block of its page loads '{handle}'")
    progress("rehearse", 0, None)
    with temporary.folder() as cache, serving(release.folder) as host:
        url = f"{host}/{handle}"
        trial = Trial(
            url=url,
            manifest=release.manifest,
            sample=report.sample,
            input_range=report.settings.input_range,
            blocks=tuple(localized(block, handle, url) for block in blocks),
        )
        try:
            environment = _environment(cache)
            return call(try_alone, trial, cache, environment=environment, timeout=TIMEOUT)
        except (TrialError, ProcessEndedError) as error:
            raise _failed(release, str(error)) from error


def _report(release: CheckedRelease) -> VerificationReport:
    try:
        content = (release.folder / REPORT).read_bytes()
        report = VerificationReport.model_validate_json(content)
    except (OSError, pydantic.ValidationError) as error:
        raise _failed(release, f"'{REPORT}' cannot be read: {reason(error)}") from error
    if not report.passed:
        raise _failed(release, f"its report did not pass: {report.verdict()}")
    if report.digest != release.manifest.model_digest:
        raise _failed(
            release,
            "its report is of another model: expected digest"
            f" {release.manifest.model_digest}, found {report.digest or 'none'}",
        )
    return report


def _environment(cache: Path) -> dict[str, str | None]:
    """Gives the fresh process its own cache, and no proxy."""
    proxies: dict[str, str | None] = dict.fromkeys(filter(_PROXIES.fullmatch, os.environ))
    return proxies | {
        "TFHUB_CACHE_DIR": str(cache),
        "TMPDIR": str(cache),
        "TFHUB_MODEL_LOAD_FORMAT": "COMPRESSED",
        # hub.KerasLayer is a Keras 2 layer, and pages write tf.keras.
        "TF_USE_LEGACY_KERAS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _failed(release: CheckedRelease, why: str) -> PublishError:
    return PublishError(
        f"Rehearsal of '{release.handle}' failed: {why}. Nothing was sent; verify and package the"
        " model again."
    )
