"""The stages of an export, composed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from absl import logging

from checkpoints.names import RestoreOptions
from exporter import quiet
from exporter.archives import FetchOptions
from exporter.digests import unchanged_folder
from exporter.errors import ExportError, InvalidArgumentError
from exporter.labels import read_labels
from exporter.progress import Progress, Remark, silent
from exporter.signatures import BATCH_NORM_MOMENTUM, check_momentum
from exporter.sources import CheckpointSource, LocalCheckpoint
from exporter.staging import staged
from exporter.verifier import export_verifier
from slim_nets.network import Task
from slim_nets.registry import Variant

if TYPE_CHECKING:
    from exporter.restore import RestoredWeights
    from exporter.verifier.report.verification_report import VerificationReport

# What a model says of itself whose checkpoint is one of quantization-aware training.
FLOAT_OF_QUANTIZED = (
    "weights of quantization-aware training, computed in float without its rounding"
)
STAGES = ("find checkpoint", "import TensorFlow", "restore", "trace", "save", "verify")


@dataclass(frozen=True)
class ExportRequest:
    """What to export.

    Attributes:
        variant: Which network.
        task: What it ends with.
        checkpoint: Where the weights come from; `sources.checkpoint_source` parses it.
        output_dir: Where the SavedModel is to appear.
        batch_norm_momentum: Default of the argument, in [0, 1].
        overwrite: Whether a SavedModel that is there may be replaced.
        verify: Whether to compare with the original before anything appears.
        restoring: How the checkpoint is read.
        folded_signature: Whether to add the signature `serving_folded`.
        labels: A text file with the name of a class a line; None for no names.
    """

    variant: Variant
    task: Task
    checkpoint: CheckpointSource
    output_dir: Path
    batch_norm_momentum: float = BATCH_NORM_MOMENTUM
    overwrite: bool = False
    verify: bool = True
    restoring: RestoreOptions = field(default_factory=RestoreOptions)
    folded_signature: bool = False
    labels: Path | None = None


@dataclass(frozen=True)
class ExportResult:
    """What was exported.

    Attributes:
        request: What was asked for.
        variant: The network, with the classes and widths of the checkpoint.
        checkpoint: Where the weights came from.
        digest: SHA-256 over the names and contents of the SavedModel's files.
        variables: How many the model has.
        moving_averages: How many came from `ExponentialMovingAverage` shadows.
        unused: How many tensors of the checkpoint were not needed.
        with_output_suffix: How many variables have `:0` behind their name in the checkpoint.
        fake_quant: How many ranges of quantization-aware training were left out.
        report: The comparison with the original, None without verification.
        seconds: Wall time of every stage.
    """

    request: ExportRequest
    variant: Variant
    checkpoint: LocalCheckpoint
    digest: str
    variables: int
    moving_averages: int
    unused: int
    with_output_suffix: int
    fake_quant: int
    report: "VerificationReport | None"
    seconds: dict[str, float] = field(default_factory=dict)


def export(
    request: ExportRequest,
    fetching: FetchOptions | None = None,
    progress: Progress = silent,
    remark: Remark = logging.warning,
) -> ExportResult:
    """Exports a checkpoint as a reusable SavedModel.

    Nothing appears under the request's `output_dir` before all stages have
    passed; then all of it does, in one step.

    Args:
        request: What to export.
        fetching: How published archives are had.
        progress: Told which stage begins.
        remark: Told what did not go well but stops nothing, a sentence each.

    Returns:
        What was exported.

    Raises:
        ExporterError: If a stage refuses.

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> request = exporter.ExportRequest(
        ...     variant=exporter.variant_named("mobilenet_v3_small_075_224"),
        ...     task="feature_vector",
        ...     checkpoint=exporter.checkpoint_source("seeded:0"),
        ...     output_dir=Path("model"),
        ... )
        >>> exporter.export(request).report.passed
        True
    """
    target = _check(request)
    clock = _Clock(progress)
    with staged(target, overwrite=request.overwrite) as stage:
        fetching = fetching or FetchOptions(progress=progress)
        # The verifier first: it imports TensorFlow while the checkpoint is looked for.
        with export_verifier.verifier() if request.verify else nullcontext() as running:
            if not request.checkpoint.trained:
                clock.import_tensorflow()  # which writes it
            with clock.stage("find checkpoint"):
                checkpoint = request.checkpoint.open(request.variant, stage.workspace, fetching)
            clock.import_tensorflow()
            with checkpoint.unchanged():
                result = _export(request, checkpoint, stage.model, running, clock)
    if result.report is not None:
        from exporter.verifier.report import kept as store

        store.put(result.report, remark)
    return result


def _export(
    request: ExportRequest,
    checkpoint: LocalCheckpoint,
    folder: Path,
    verifier: export_verifier.Verifier | None,
    clock: "_Clock",
) -> ExportResult:
    """Runs the stages that need TensorFlow."""
    from exporter.restore import restore
    from exporter.reusable import reusable
    from exporter.saving import save
    from exporter.trace import trace

    with clock.stage("restore"):
        weights = restore(checkpoint, request.variant, request.task, request.restoring)
        labels = _labels(request, weights)
        if verifier is not None:
            from exporter.verifier.report.reference import original

            verifier.prepare(original(weights))
    with clock.stage("trace"):
        network = trace(
            weights.variant, weights.task, weights.values, folded=request.folded_signature
        )
        model = reusable(
            network,
            batch_norm_momentum=request.batch_norm_momentum,
            description=_description(weights),
        )
    with clock.stage("save"):
        saved = save(model, folder, labels)
    report = None
    if verifier is not None:
        with (
            clock.stage("verify"),
            unchanged_folder(saved.path, ExportError, expected=saved.digest),
        ):
            report = verifier.compare(saved.path).named(str(request.output_dir))
            report.raise_if_failed()
    return ExportResult(
        request,
        weights.variant,
        checkpoint,
        saved.digest,
        len(network.variables),
        weights.moving_averages,
        weights.unused,
        weights.with_output_suffix,
        weights.fake_quant,
        report,
        clock.seconds,
    )


def _check(request: ExportRequest) -> Path:
    """Refuses what can be refused before anything is loaded; returns the target."""
    try:
        check_momentum(request.batch_norm_momentum)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from error
    request.checkpoint.check(request.variant)
    if request.folded_signature and request.variant.graph is not None:
        raise InvalidArgumentError(
            f"Network '{request.variant.graph.function}' cannot have a folded signature: expected a"
            " table of layers, as 'slim-export list' prints them, found a function, whose layers"
            " cannot be exchanged. Leave out --folded_signature."
        )
    if request.labels is not None and request.task != "classification":
        raise InvalidArgumentError(
            f"Labels '{request.labels}' are of no use for a {request.task}: expected classes."
            " Leave out --labels."
        )
    try:
        # The folder's own name is kept, so that a link in its place is seen.
        target = request.output_dir.absolute()
        return target.parent.resolve() / target.name if target.name != ".." else target.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise ExportError(
            f"Output '{request.output_dir}' cannot be used: {error}. Choose another --output_dir."
        ) from error


def _labels(request: ExportRequest, weights: "RestoredWeights") -> list[str]:
    """Reads the names of the classes, as many as the checkpoint has."""
    if request.labels is None:
        return []
    return read_labels(request.labels, weights.variant.num_classes(weights.task), "classes")


def _description(weights: "RestoredWeights") -> str:
    """Returns what the model says of itself."""
    source = weights.checkpoint.source
    if not source.trained:
        return f"untrained weights, {source}"
    return FLOAT_OF_QUANTIZED if weights.fake_quant else ""


class _Clock:
    """Announces stages and takes their times."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._progress(name, STAGES.index(name), len(STAGES))
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def import_tensorflow(self) -> None:
        """Imports it, if that was not done yet."""
        with self.stage("import TensorFlow"):
            quiet.import_tensorflow()
