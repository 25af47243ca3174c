"""The stages of a verification, composed."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from exporter import digests, quiet, temporary
from exporter.archives import FetchOptions
from exporter.errors import InvalidArgumentError
from exporter.image_files import matching
from exporter.progress import Progress, silent
from exporter.sources import CheckpointSource
from slim_nets.network import Task
from slim_nets.registry import Variant

if TYPE_CHECKING:
    from exporter.verifier.report.records import VerificationReport
    from exporter.verifier.report.request import Reference

AllowanceKind = Literal["exact", "noise", "given"]


@dataclass(frozen=True)
class VerifyRequest:
    """What to verify.

    Attributes:
        model_dir: The model.
        reference_dir: Another SavedModel to compare it with.
        checkpoint: With `variant` and `task`, a checkpoint to compare it with
            in the original graph. Without either, only the interface is checked.
        variant: Which network.
        task: What it ends with.
        images: Pattern of image files; empty for the probes alone.
        allowance: What may differ: no bit, a multiple of the reference's own
            noise, or the tolerances that are given.
        atol: Absolute tolerance, with "given".
        rtol: Relative tolerance, with "given".
        noise: Whether to measure the reference's noise though nothing depends on it.
        use_moving_averages: As the model was exported.
    """

    model_dir: Path
    reference_dir: Path | None = None
    checkpoint: CheckpointSource | None = None
    variant: Variant | None = None
    task: Task | None = None
    images: str = ""
    allowance: AllowanceKind = "exact"
    atol: float = 0.0
    rtol: float = 0.0
    noise: bool = False
    use_moving_averages: bool = True


def verify(
    request: VerifyRequest,
    fetching: FetchOptions | None = None,
    progress: Progress = silent,
) -> "VerificationReport":
    """Compares a SavedModel with a reference in everything that a user can do with it.

    Args:
        request: What to compare.
        fetching: How published archives are had.
        progress: Told what is compared.

    Returns:
        The report; it may say that checks failed.

    Raises:
        ExporterError: If no comparison came about.
    """
    _check(request)
    images = matching(request.images)
    progress("import TensorFlow", 0, None)
    quiet.import_tensorflow()
    from exporter.verifier.run import RunOptions, run, run_rules

    if request.checkpoint is None and request.reference_dir is None:
        return run_rules(request.model_dir)
    with temporary.folder() as workspace:
        reference = _reference(request, workspace, fetching or FetchOptions())
        options = RunOptions(
            images, request.allowance, request.atol, request.rtol, noise=request.noise
        )
        report = run(request.model_dir, reference, options, progress)
    if report.passed:
        from exporter.verifier.report import kept as store

        store.put(report)
    return report


def _reference(request: VerifyRequest, workspace: Path, fetching: FetchOptions) -> "Reference":
    from exporter.verifier.report.request import ModelSource, Reference

    if request.checkpoint is None:
        folder = request.reference_dir
        assert folder is not None, "one of the two was given"
        digest = digests.of_folder(folder) if folder.is_dir() else ""
        source = ModelSource(folder=str(folder.absolute()))
        return Reference(source=source, name=f"SavedModel '{folder}'", digest=digest)
    from exporter.restore import restore
    from exporter.verifier.original import original

    variant, task = request.variant, request.task
    assert variant is not None, "checked before"
    assert task is not None, "checked before"
    local = request.checkpoint.open(variant, workspace, fetching)
    averages = request.use_moving_averages
    weights = restore(local, variant, task, use_moving_averages=averages)
    return original(local, variant, task, weights, use_moving_averages=averages)


def _check(request: VerifyRequest) -> None:
    """Refuses what can be refused before anything is loaded.

    Raises:
        InvalidArgumentError: If arguments contradict each other.
    """
    against_graph = (request.checkpoint, request.variant, request.task)
    if request.reference_dir is not None and any(value is not None for value in against_graph):
        raise InvalidArgumentError(
            "There are two references: expected --reference_dir, or --checkpoint with --variant and"
            " --task. Leave out one."
        )
    if any(value is None for value in against_graph) and against_graph != (None, None, None):
        raise InvalidArgumentError(
            "The original graph is not given in full: expected --checkpoint, --variant and --task"
            " together. Add what is missing."
        )
    alone = request.reference_dir is None and request.checkpoint is None
    if alone and (request.images or request.allowance != "exact"):
        raise InvalidArgumentError(
            "There is nothing to compare with: expected --reference_dir or --checkpoint beside"
            " --images, --allowance, --atol and --rtol. Add one."
        )
    for name, value in (("atol", request.atol), ("rtol", request.rtol)):
        if not 0 <= value < math.inf:
            raise InvalidArgumentError(
                f"Tolerance {value:g} is out of range: expected 0 or more. Change --{name}."
            )
