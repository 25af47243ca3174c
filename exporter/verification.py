"""The stages of a verification, composed."""

import math
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from absl import logging

from exporter import quiet, temporary
from exporter.archives import FetchOptions
from exporter.errors import InvalidArgumentError, VerificationError
from exporter.image_files import matching
from exporter.progress import Progress, Remark, silent
from exporter.protobufs import check_is_there
from exporter.releases.looked_at import looked_at
from exporter.verifier.verify_request import VerifyRequest

if TYPE_CHECKING:
    from exporter.verifier.report.reference import Reference
    from exporter.verifier.report.verification_report import VerificationReport

__all__ = ["VerifyRequest", "verify"]


def verify(
    request: VerifyRequest,
    fetching: FetchOptions | None = None,
    progress: Progress = silent,
    remark: Remark = logging.warning,
) -> "VerificationReport":
    """Compares a SavedModel with a reference in everything that a user can do with it.

    Args:
        request: What to compare.
        fetching: How published archives are had.
        progress: Told what is compared.
        remark: Told what did not go well but stops nothing, a sentence each.

    Returns:
        The report; it may say that checks failed.

    Raises:
        ExporterError: If no comparison came about.

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> request = exporter.VerifyRequest(
        ...     model_dir=Path("model"),
        ...     checkpoint=exporter.checkpoint_source("seeded:0"),
        ...     variant=exporter.variant_named("mobilenet_v3_small_075_224"),
        ...     task="feature_vector",
        ... )
        >>> exporter.verify(request).verdict()
        "All ... passed against the original graph with checkpoint 'seeded:0'..."
    """
    from exporter.verifier.rules.checking import rules_beside
    from exporter.verifier.subjects.given import Given, read_arrays
    from exporter.verifier.subjects.input_range import asked

    _check(request)
    arrays = read_arrays(request.inputs) if request.inputs else {}
    given = Given(matching(request.images), arrays, asked(request.input_range))
    for folder in filter(None, (request.model_dir, request.reference_dir)):
        check_is_there(folder, VerificationError)
    progress("import TensorFlow", 0, None)
    with temporary.folder() as workspace, ExitStack() as reading:
        rules = None if request.alone else reading.enter_context(rules_beside())
        quiet.import_tensorflow()
        from exporter.verifier.run import run

        # A report is of bytes that were there from the first look at them to the last.
        model = looked_at(request.model_dir, VerificationError, trust=request.trust)
        digest = reading.enter_context(model)
        reference = _reference(request, workspace, fetching or FetchOptions(), reading)
        report = run(request, reference, rules, given, progress)
        report = report.model_copy(update={"digest": digest})
    if report.passed:
        from exporter.verifier.report import kept as store

        # Few want to package what they have the rules checked of: they need no warning.
        store.put(report, remark if reference is not None else lambda _: None)
    return report


def _reference(
    request: VerifyRequest, workspace: Path, fetching: FetchOptions, reading: ExitStack
) -> "Reference | None":
    """Makes the reference, whose files are to stay as they are until `reading` is closed."""
    from exporter.restore import restore
    from exporter.verifier.report.reference import original, saved_model
    from exporter.verifier.subjects.input_range import asked

    checkpoint, variant, task = request.checkpoint, request.variant, request.task
    if checkpoint is not None and variant is not None and task is not None:
        local = checkpoint.open(variant, workspace, fetching)
        reading.enter_context(local.unchanged())
        return original(restore(local, variant, task, request.restoring))
    if request.reference_dir is None:
        return None
    other = looked_at(request.reference_dir, VerificationError, trust=request.trust)
    digest = reading.enter_context(other)
    return saved_model(request.reference_dir, digest, asked(request.input_range))


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
            "The original graph is not given in full: expected --checkpoint, --variant or"
            " --network, and --task together. Add what is missing."
        )
    if request.alone and request.allowance != "exact":
        raise InvalidArgumentError(
            "There is nothing to compare with: expected --reference_dir or --checkpoint beside"
            " --allowance, --atol and --rtol. Add one."
        )
    if request.allowance != "given" and (request.atol or request.rtol):
        raise InvalidArgumentError(
            "Two allowances are given: expected 'given' beside tolerances, found"
            f" '{request.allowance}'. Change the allowance, or leave out atol and rtol."
        )
    if request.input_range is not None and request.checkpoint is not None:
        raise InvalidArgumentError(
            "The original graph is given an input range: expected none, since its images are from 0"
            f" to 1, found {','.join(f'{end:g}' for end in request.input_range)}. Leave out"
            " --input_range."
        )
    for name, value in (("atol", request.atol), ("rtol", request.rtol)):
        if not 0 <= value < math.inf:
            raise InvalidArgumentError(
                f"Tolerance {value:g} is out of range: expected 0 or more. Change --{name}."
            )
