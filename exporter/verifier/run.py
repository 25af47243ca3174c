"""Runs a whole verification in this process, and makes its report."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from checkpoints.layout import CheckpointError
from checkpoints.reader import open_checkpoint
from exporter import digests
from exporter.progress import Progress, silent
from exporter.verifier.causes.causes import causes
from exporter.verifier.causes.differing_model import DifferingModel
from exporter.verifier.comparison.allowance import Allowance, Noise
from exporter.verifier.comparison.comparing import Pair, compare, paired
from exporter.verifier.comparison.summary import summary, thumbnails, versions
from exporter.verifier.noise.conditions import CONDITIONS, Rerun
from exporter.verifier.noise.float_noise import noise_processes
from exporter.verifier.report.records import Cause, Check, Settings, VerificationReport
from exporter.verifier.report.reference import OriginalGraph, Reference, SavedModelFolder
from exporter.verifier.rules.checking import checked_rules, rules_beside
from exporter.verifier.subjects.examples import FULL, QUICK
from exporter.verifier.subjects.saved_model import load_model
from exporter.verifier.subjects.subject import Subject
from exporter.verifier.verify_request import VerifyRequest


def run_rules(model_dir: Path) -> VerificationReport:
    """Checks the interface of a SavedModel, and compares it with nothing.

    Args:
        model_dir: The model.

    Returns:
        The report.

    Raises:
        VerificationError: If the model cannot be loaded.
    """
    return VerificationReport(
        settings=Settings(model_dir=str(model_dir), reference="the interface's rules"),
        checks=checked_rules(model_dir),
        digest=digests.of_folder(model_dir),
        versions=versions(),
    )


def run_quick(folder: Path, reference: Reference, original: Subject) -> VerificationReport:
    """Compares an export with the original, as much as every export waits for.

    Args:
        folder: The SavedModel.
        reference: What it is compared with.
        original: The same, opened.

    Returns:
        The report.

    Raises:
        VerificationError: If the model cannot be loaded, or both cannot be
            given the same inputs.
    """
    pair, allowance = paired(load_model(folder), original, QUICK), Allowance()
    return summary(pair, reference, allowance, compare(pair, allowance))


def run(
    request: VerifyRequest,
    reference: Reference,
    images: tuple[Path, ...] = (),
    progress: Progress = silent,
) -> VerificationReport:
    """Compares a SavedModel with a reference.

    Args:
        request: Which, and how.
        reference: What it is compared with.
        images: The files that the request's pattern matches.
        progress: Told what is compared.

    Returns:
        The report.

    Raises:
        VerificationError: If one of the two cannot be loaded, or both cannot
            be given the same inputs.
    """
    model = load_model(request.model_dir)
    described = reference.subject
    with ExitStack() as stack:
        measuring = None
        if request.noise or request.allowance == "noise":
            measuring = stack.enter_context(noise_processes(Rerun(described, images)))
        other = described.folder if isinstance(described, SavedModelFolder) else None
        rules = stack.enter_context(rules_beside(request.model_dir, other))
        progress("open reference", 0, None)
        pair = paired(model, stack.enter_context(described.opened()), FULL, images)
        allowance = Allowance(request.allowance, request.atol, request.rtol)
        if measuring and request.allowance == "noise":
            progress("measure noise", 0, None)
            noise = measuring.measure(pair.reference, pair.examples)
            allowance = Allowance("noise", noise=noise)
        checks = [*compare(pair, allowance, progress), *rules()]
        if measuring and request.allowance != "noise":
            progress("measure noise", 0, None)
            checks = _with_noise(checks, measuring.measure(pair.reference, pair.examples))
        more = {
            "noise_conditions": CONDITIONS if measuring else (),
            "causes": _causes(pair, reference, checks, progress),
            "thumbnails": thumbnails(pair.examples),
        }
        return summary(pair, reference, allowance, checks).model_copy(update=more)


def _with_noise(checks: list[Check], noise: Noise) -> list[Check]:
    return [
        check.model_copy(update={"noise": max(noise[key].values())})
        if (key := (check.group, check.name)) in noise
        else check
        for check in checks
    ]


def _causes(
    pair: Pair, reference: Reference, checks: list[Check], progress: Progress
) -> tuple[Cause, ...]:
    """Tries known mistakes, if there is something to explain beside broken rules."""
    if not any(c.status == "failed" and c.group != "interface" for c in checks):
        return ()
    progress("look for the cause", 0, None)
    return tuple(causes(DifferingModel(**vars(pair), raw_weights=_raw_weights(reference))))


def _raw_weights(reference: Reference) -> dict[str, np.ndarray]:
    described = reference.subject
    if not reference.raw_names or not isinstance(described, OriginalGraph):
        return {}
    try:
        checkpoint = open_checkpoint(described.prefix)
        there = {n: raw for n, raw in reference.raw_names.items() if raw in checkpoint.tensors}
        return {name: checkpoint.read(raw) for name, raw in there.items()}
    except CheckpointError:
        return {}
