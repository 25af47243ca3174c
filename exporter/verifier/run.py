"""Runs a whole verification in this process, and makes its report."""

import base64
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from checkpoints.layout import CheckpointError
from checkpoints.reader import open_checkpoint
from exporter import digests
from exporter.progress import Progress, silent
from exporter.verifier.causes.causes import causes
from exporter.verifier.causes.suspect import Suspect
from exporter.verifier.comparison.allowance import Allowance, Kind, Noise
from exporter.verifier.comparison.compare import check_inputs, compare
from exporter.verifier.comparison.summary import sample, summary, versions
from exporter.verifier.noise.noise import CONDITIONS, noise_processes
from exporter.verifier.report.records import Cause, Check, Settings, VerificationReport
from exporter.verifier.report.request import GraphSource, Reference
from exporter.verifier.rules.rules import check_rules
from exporter.verifier.rules_beside import rules_beside
from exporter.verifier.subjects.examples import FULL, Examples, Plan
from exporter.verifier.subjects.source import known_network, loaded, opened
from exporter.verifier.subjects.subject import Subject

# Thumbnails: how many, and their height and width.
_DRAWN, _PIXELS = 24, 64


@dataclass(frozen=True)
class RunOptions:
    """How a model is verified.

    Attributes:
        images: Files, beside the probes.
        allowance: What may differ.
        atol: Absolute tolerance, with "given".
        rtol: Relative tolerance, with "given".
        noise: Whether to measure noise though the allowance does not depend on it.
        plan: How much is tried.
    """

    images: tuple[Path, ...] = ()
    allowance: Kind = "exact"
    atol: float = 0.0
    rtol: float = 0.0
    noise: bool = False
    plan: Plan = FULL


def run_rules(model_dir: Path) -> VerificationReport:
    """Checks the interface of a SavedModel, and compares it with nothing.

    Args:
        model_dir: The model.

    Returns:
        The report.

    Raises:
        VerificationError: If the model cannot be loaded.
    """
    model = loaded(model_dir)
    return VerificationReport(
        settings=Settings(model_dir=str(model_dir), reference="the interface's rules"),
        digest=digests.of_folder(model_dir),
        versions=versions(),
        checks=tuple(check_rules(model)),
    )


def run(
    model_dir: Path, reference: Reference, options: RunOptions, progress: Progress = silent
) -> VerificationReport:
    """Compares a SavedModel with a reference.

    Args:
        model_dir: The model.
        reference: What it is compared with.
        options: How.
        progress: Told what is compared.

    Returns:
        The report.

    Raises:
        VerificationError: If one of the two cannot be loaded, or both cannot
            be given the same inputs.
    """
    model = loaded(model_dir)
    with ExitStack() as stack:
        measure: Callable[[Subject, Examples], Noise] | None = None
        if options.noise or options.allowance == "noise":
            running = noise_processes(reference.source, options.images)
            measure = stack.enter_context(running).measure
        source = reference.source
        other = None if isinstance(source, GraphSource) else source.folder
        rules = stack.enter_context(rules_beside(model_dir, other))
        progress("open reference", 0, None)
        side = stack.enter_context(opened(reference.source))
        network = known_network(reference.source, side)
        examples = Examples(side.input_spec, options.plan, options.images)
        check_inputs(model.input_spec, side.input_spec, options.images)
        batch = examples.few(options.plan.training_batch)
        allowance = Allowance(options.allowance, options.atol, options.rtol)
        if measure and options.allowance == "noise":
            progress("measure noise", 0, None)
            allowance = Allowance("noise", noise=measure(side, examples))
        checks = list(
            compare(model, side, network, examples=examples, allowance=allowance, progress=progress)
        )
        checks += rules()
        if measure and options.allowance != "noise":
            progress("measure noise", 0, None)
            checks = _with_noise(checks, measure(side, examples))
        suspect = Suspect(model, side, batch, _raw_weights(reference), network.variant)
        report = summary(model_dir, reference, network, examples, allowance, checks)
        more = {
            "noise_conditions": CONDITIONS if measure else (),
            "causes": _causes(suspect, checks, progress),
            "sample": sample(model, side, batch),
            "thumbnails": _thumbnails(examples),
        }
        return report.model_copy(update=more)


def _with_noise(checks: list[Check], noise: Noise) -> list[Check]:
    return [
        check.model_copy(update={"noise": max(noise[key].values())})
        if (key := (check.group, check.name)) in noise
        else check
        for check in checks
    ]


def _causes(suspect: Suspect, checks: list[Check], progress: Progress) -> tuple[Cause, ...]:
    """Tries known mistakes, if there is something to explain beside broken rules."""
    if not any(c.status == "failed" and c.group != "interface" for c in checks):
        return ()
    progress("look for the cause", 0, None)
    return tuple(causes(suspect))


def _raw_weights(reference: Reference) -> dict[str, np.ndarray]:
    source = reference.source
    if not reference.raw_names or not isinstance(source, GraphSource):
        return {}
    try:
        checkpoint = open_checkpoint(Path(source.prefix))
        there = {n: raw for n, raw in reference.raw_names.items() if raw in checkpoint.tensors}
        return {name: checkpoint.read(raw) for name, raw in there.items()}
    except CheckpointError:
        return {}


def _thumbnails(examples: Examples) -> dict[str, str]:
    """Draws the first examples, where they are images."""
    if examples.spec.image_size is None:
        return {}
    block = next(examples.blocks())
    drawn = {}
    for name, image in list(zip(block.names, block.inputs[0], strict=True))[:_DRAWN]:
        small = tf.image.resize(np.clip(image, 0, 1), [_PIXELS, _PIXELS], "area")
        jpeg = tf.io.encode_jpeg(tf.image.convert_image_dtype(small, tf.uint8, saturate=True))
        drawn[name] = base64.b64encode(jpeg.numpy()).decode()
    return drawn
