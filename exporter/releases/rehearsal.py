"""Publishes a release to this machine only, and loads it back as a stranger would."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pydantic

from exporter import temporary
from exporter.errors import PublishError, reason
from exporter.progress import Progress, silent
from exporter.releases import rehearsal_worker
from exporter.releases.manifest import REPORT
from exporter.releases.rehearsal_worker import Answer, Task
from exporter.releases.release import Release
from exporter.releases.serve.host import serving
from exporter.verifier.report.records import VerificationReport

_BLOCK = re.compile(r"^```python[ \t]*\n(?P<code>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
# A page's code loads the model and builds a network or two on it.
_TIMEOUT = 900
_HUB = "https://tfhub.dev/"
_PROXIES = re.compile(r"(https?|ftp|all|no)_proxy", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was tried and found right.

    Attributes:
        blocks: How many of the page's code blocks ran.
        values: How many values of the output were compared.
        probe: The input that they were computed of.
        allowance: What may differ.
        difference: The largest difference, over the largest value.
    """

    blocks: int
    values: int
    probe: str
    allowance: str
    difference: float

    def summary(self) -> str:
        """Says so in one line."""
        blocks = "1 code block" if self.blocks == 1 else f"{self.blocks} code blocks"
        return (
            f"fetched with tensorflow_hub, {blocks} of the page ran, {self.values} values of the"
            f" output on '{self.probe}' are the report's ({self.allowance};"
            f" found {self.difference:.2g})."
        )


def rehearse(release: Release, progress: Progress = silent) -> Rehearsal:
    """Serves a release on the loopback, fetches it in a fresh process, and tries it there.

    Args:
        release: What is to be published.
        progress: Told what is done.

    Returns:
        What was tried.

    Raises:
        PublishError: If anything is not as page, manifest and report say.
    """
    task = _task(release)
    progress("rehearse", 0, None)
    with (
        temporary.folder() as cache,
        serving(release.folder) as url,
    ):
        here = f"{url}/{release.handle}"
        blocks = tuple(_localized(block, release, here) for block in task.blocks)
        answer = _run(task.model_copy(update={"url": here, "blocks": blocks}), cache)
    if answer.error:
        raise _failed(release, answer.error)
    assert answer.comparison is not None, "an answer without an error has a comparison"
    return Rehearsal(len(blocks), probe=task.probe, **answer.comparison.model_dump())


def _task(release: Release) -> Task:
    """Collects what is to be tried; refuses a release that leaves nothing to compare."""
    report = _report(release)
    if report.sample is None:
        raise _failed(
            release, "its report holds no values of the output, so outputs cannot be compared"
        )
    page = release.page.read_text(encoding="utf-8")
    blocks = tuple(match["code"] for match in _BLOCK.finditer(page))
    if not any(_mentions(release).search(block) for block in blocks):
        raise _failed(release, f"no code block of its page loads '{release.handle}'")
    return Task(
        url="",
        model_digest=release.manifest.model_digest,
        tensorflow=release.manifest.versions.get("tensorflow", ""),
        probe=report.sample.image,
        expected=report.sample.found,
        blocks=blocks,
    )


def _report(release: Release) -> VerificationReport:
    try:
        content = (release.folder / REPORT).read_bytes()
        report = VerificationReport.model_validate_json(content)
    except (OSError, pydantic.ValidationError) as error:
        raise _failed(release, f"'{REPORT}' cannot be read: {reason(error)}") from error
    if not report.passed:
        raise _failed(release, f"its report did not pass: {report.verdict()}")
    # A report that was made in the course of an export has none.
    if report.digest and report.digest != release.manifest.model_digest:
        raise _failed(
            release,
            "its report is of another model: expected digest"
            f" {release.manifest.model_digest}, found {report.digest}",
        )
    return report


def _mentions(release: Release) -> re.Pattern[str]:
    """Finds the model's name in code, as a URL or by itself between quotes."""
    handle = re.escape(str(release.handle))
    return re.compile(rf"(?P<quote>[\"'])(?:{re.escape(_HUB)})?{handle}(?P=quote)")


def _localized(block: str, release: Release, url: str) -> str:
    return _mentions(release).sub(repr(url), block)


def _run(task: Task, cache: Path) -> Answer:
    """Runs the fresh process; it has its own cache and no proxy."""
    environment = {k: v for k, v in os.environ.items() if not _PROXIES.fullmatch(k)}
    path = (str(Path(rehearsal_worker.__file__).parents[2]), os.environ.get("PYTHONPATH"))
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "TFHUB_CACHE_DIR": str(cache),
        "TFHUB_MODEL_LOAD_FORMAT": "COMPRESSED",
        # hub.KerasLayer is a Keras 2 layer, and pages write tf.keras.
        "TF_USE_LEGACY_KERAS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    process = subprocess.Popen(  # noqa: S603  (the command is our own)
        [sys.executable, "-P", "-m", rehearsal_worker.__name__],
        env=environment,
        cwd=cache,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,  # an interrupt from the terminal is ours to answer
    )
    try:
        output, _ = process.communicate(task.model_dump_json(), timeout=_TIMEOUT)
        return Answer.model_validate_json(output.rpartition("\n")[2])
    except subprocess.TimeoutExpired:
        return Answer(error=f"it took more than {_TIMEOUT} seconds")
    except pydantic.ValidationError:
        return Answer(error=f"its process ended with status {process.returncode}")
    finally:
        process.kill()
        process.communicate()


def _failed(release: Release, why: str) -> PublishError:
    return PublishError(
        f"Rehearsal of '{release.handle}' failed: {why}. Nothing was sent; verify and package the"
        " model again."
    )
